import type { Bytes } from './billing.ts';

/** Bytes and calls since the service was opened. */
export interface UsageTotals {
  /** Bytes, by BigQuery's rules. Dry runs and failed queries add nothing. */
  readonly bytesProcessed: number;
  readonly bytesBilled: number;
  /** Calls over REST by method: `jobs.query`, `tabledata.list`, … Failed ones count. */
  readonly calls: Readonly<Record<string, number>>;
}

export class Usage {
  #bytesProcessed = 0;
  #bytesBilled = 0;
  readonly #calls = new Map<string, number>();

  addBytes({ processed, billed }: Bytes): void {
    this.#bytesProcessed += processed;
    this.#bytesBilled += billed;
  }

  addCall(method: string): void {
    this.#calls.set(method, (this.#calls.get(method) ?? 0) + 1);
  }

  totals(): UsageTotals {
    return {
      bytesProcessed: this.#bytesProcessed,
      bytesBilled: this.#bytesBilled,
      calls: Object.fromEntries(this.#calls),
    };
  }
}

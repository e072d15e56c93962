import type { TableName } from '@records/runtime';
import type { BigQueryClient } from '../bigquery-client.ts';
import type { Calls } from '../calls/calls.ts';
import type { SortedRows } from './sorted-rows.ts';
import type { TableState } from './table-state.ts';

/** One query orders about this many rows: Google's own example of a sort that fails has millions, and fewer cost no less in a delta. */
const PART_ROWS = 1_000_000;
/** A delta reads all parts, and a query at most 1,000 tables. https://docs.cloud.google.com/bigquery/quotas#query_jobs */
const MAX_PARTS = 500;
/** Ids read to divide a table for the first time, per part. */
const SAMPLES_PER_PART = 32;
const MAX_SAMPLES = 512;

export interface PartsOptions {
  readonly client: BigQueryClient;
  readonly calls: Calls;
  readonly table: TableName;
  /** The most rows of a part, about. */
  readonly partRows?: number | undefined;
}

/** How the table is divided into parts of a base. */
export class Parts {
  readonly #options: PartsOptions;

  constructor(options: PartsOptions) {
    this.#options = options;
  }

  /** The number of parts for so many rows. */
  count(rows: number): number {
    return Math.max(1, Math.min(MAX_PARTS, Math.ceil(rows / (this.#options.partRows ?? PART_ROWS))));
  }

  /** Ids that divide the table into parts: those of the base before, else of some rows of the table. Free of charge. */
  async between(table: TableState, before: SortedRows | undefined): Promise<readonly string[]> {
    const parts = this.count(table.rows);
    if (parts === 1) return [];
    const from = before && before.total >= parts ? before : undefined;
    const ids = await Promise.all(from ? idsOf(from, parts) : this.#sample(Number(table.numRows), parts));
    ids.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const bounds = Array.from(
      { length: parts - 1 },
      (_, index) => ids[Math.floor(((index + 1) * ids.length) / parts)] ?? '',
    );
    return [...new Set(bounds)].filter((id) => id !== '');
  }

  #sample(rows: number, parts: number): Promise<string>[] {
    const { client, calls, table } = this.#options;
    const count = Math.min(SAMPLES_PER_PART * parts, MAX_SAMPLES, rows);
    return Array.from({ length: count }, async (_, sample) => {
      const range = { startIndex: Math.floor(((sample + 0.5) * rows) / count), maxResults: 1 };
      const { rows: read } = await calls.callInBackground(() => client.listRows(table, range));
      return read[0]?.f[0]?.v ?? '';
    });
  }
}

/** The ids at the ends of equal parts. */
function idsOf(base: SortedRows, parts: number): Promise<string>[] {
  return Array.from({ length: parts }, (_, part) => base.idAt(Math.floor((part * base.total) / parts)));
}

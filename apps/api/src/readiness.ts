import type { FastifyBaseLogger } from 'fastify';
import { toWarehouseError } from './warehouse/errors.ts';
import type { Warehouse } from './warehouse/warehouse.ts';

/** How long the result of a check is reused. Milliseconds. */
const READY_MS = 10_000;
const NOT_READY_MS = 1_000;

export interface ReadinessOptions {
  readonly warehouse: Pick<Warehouse, 'check'>;
  readonly log: FastifyBaseLogger;
  /** Milliseconds, from any fixed point. */
  now(): number;
}

/** Whether this instance should get traffic. Concurrent probes share one check of the warehouse. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #stopping = false;
  #current: { readonly answer: Promise<boolean>; until: number } | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Makes the instance unready for good. */
  stop(): void {
    this.#stopping = true;
  }

  /** True when the table could be read at the last check. Takes at most as long as a call to the warehouse. */
  async isReady(): Promise<boolean> {
    if (this.#stopping) return false;
    if (!this.#current || this.#options.now() >= this.#current.until) {
      this.#current = { answer: this.#check(), until: Number.POSITIVE_INFINITY };
    }
    return (await this.#current.answer) && !this.#stopping;
  }

  async #check(): Promise<boolean> {
    const { warehouse, log, now } = this.#options;
    let ready = true;
    try {
      await warehouse.check();
    } catch (cause) {
      ready = false;
      const err = toWarehouseError(cause);
      log.warn({ err, reason: err.reason }, `not ready: warehouse error ${err.reason}: ${err.message}`);
    }
    if (this.#current) this.#current.until = now() + (ready ? READY_MS : NOT_READY_MS);
    return ready;
  }
}

import type { FastifyBaseLogger } from 'fastify';
import { toWarehouseError } from './warehouse/errors.ts';
import type { Warehouse } from './warehouse/warehouse.ts';

/** How long a good answer of the warehouse stands, and a bad one. Milliseconds. */
const READY_MS = 10_000;
const NOT_READY_MS = 1_000;

export interface ReadinessOptions {
  readonly warehouse: Pick<Warehouse, 'check'>;
  readonly log: FastifyBaseLogger;
  /** Milliseconds, from any fixed point. */
  now(): number;
}

/** Whether this instance should get traffic. However many probes ask, one check at a time goes to the warehouse. */
export class Readiness {
  readonly #warehouse: ReadinessOptions['warehouse'];
  readonly #log: FastifyBaseLogger;
  readonly #now: () => number;
  #stopping = false;
  #current: { readonly answer: Promise<boolean>; until: number } | undefined;

  constructor({ warehouse, log, now }: ReadinessOptions) {
    this.#warehouse = warehouse;
    this.#log = log;
    this.#now = now;
  }

  /** From now on the answer is no. */
  stop(): void {
    this.#stopping = true;
  }

  /** True when the warehouse answered within the last seconds. Takes as long as the warehouse's own deadline at most. */
  async isReady(): Promise<boolean> {
    if (this.#stopping) return false;
    if (!this.#current || this.#now() >= this.#current.until) {
      this.#current = { answer: this.#check(), until: Number.POSITIVE_INFINITY };
    }
    return (await this.#current.answer) && !this.#stopping;
  }

  async #check(): Promise<boolean> {
    let ready = true;
    try {
      await this.#warehouse.check();
    } catch (cause) {
      ready = false;
      const err = toWarehouseError(cause);
      this.#log.warn(
        { err, reason: err.reason },
        `not ready: the warehouse says ${err.reason}: ${err.message}`,
      );
    }
    if (this.#current) this.#current.until = this.#now() + (ready ? READY_MS : NOT_READY_MS);
    return ready;
  }
}

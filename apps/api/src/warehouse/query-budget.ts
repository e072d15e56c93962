const MIB = 1024 * 1024;

/** 10 MiB, the least that a query is billed, every five seconds: at most 4.9 TiB a month. Bytes per millisecond. */
const RATE = (2 * MIB) / 1_000;
/** Twelve of the cheapest queries. Bytes. */
const MAX_SAVED = 120 * MIB;
/** The assumed price of the first query. Bytes. */
const CHEAPEST = 10 * MIB;

/**
 * Bounds what live queries are billed, independent of traffic and table size. A query may be sent while the balance is positive;
 * what it bills beyond the balance is paid off before the next one.
 */
export class QueryBudget {
  readonly #now: () => number;
  #saved = MAX_SAVED;
  #at: number;
  /** Of the last billed query. */
  #price = CHEAPEST;

  /** `now`: milliseconds, from any fixed point. */
  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  /** Milliseconds until a query may be sent. */
  get waitMs(): number {
    this.#earn();
    return this.#saved > 0 ? 0 : Math.floor(-this.#saved / RATE) + 1;
  }

  /** Charges a query the price of the last one; call the result with the bytes that it was billed. */
  spend(): (billed: number) => void {
    this.#earn();
    const taken = this.#price;
    this.#saved -= taken;
    return (billed) => {
      this.#saved += taken - billed;
      if (billed > 0) this.#price = billed;
    };
  }

  #earn(): void {
    const now = this.#now();
    this.#saved = Math.min(MAX_SAVED, this.#saved + (now - this.#at) * RATE);
    this.#at = now;
  }
}

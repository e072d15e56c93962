const MIB = 1024 * 1024;

/** 10 MiB, the least that a query is billed, every five seconds: 4.9 TiB a month at the most. Bytes per millisecond. */
const RATE = (2 * MIB) / 1_000;
/** What can be saved up: twelve of the cheapest queries. Bytes. */
const MAX_SAVED = 120 * MIB;
/** What a query is taken for until the first one is over. Bytes. */
const CHEAPEST = 10 * MIB;

/**
 * What live queries may be billed, whatever is asked for and however large the table is. A query may be sent while anything is saved;
 * what it bills beyond that is a debt, which has to be paid off before the next.
 */
export class BillBudget {
  readonly #now: () => number;
  #saved = MAX_SAVED;
  #at: number;
  /** Of the last query. */
  #price = CHEAPEST;

  /** `now`: milliseconds, from any fixed point. */
  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  /** Until a query may be sent. Milliseconds. */
  get waitMs(): number {
    this.#earn();
    return this.#saved > 0 ? 0 : Math.floor(-this.#saved / RATE) + 1;
  }

  /** A query is sent, and counts as the last one did until it says what it was billed. */
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

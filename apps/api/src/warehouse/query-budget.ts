const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;
/** The assumed price of the first query: the least that BigQuery bills. Bytes. */
const CHEAPEST = 10 * MIB;

/**
 * Bounds what live queries are billed, independent of traffic and table size. It grows evenly, and an hour of it may be saved. A query
 * may be sent while the balance is positive; what it bills beyond the balance is paid off before the next one.
 */
export class QueryBudget {
  readonly #now: () => number;
  /** Bytes per millisecond. */
  readonly #rate: number;
  readonly #maxSaved: number;
  #saved: number;
  #at: number;
  /** Of the last billed query. */
  #price = CHEAPEST;

  /** `now`: milliseconds, from any fixed point. */
  constructor(bytesPerMonth: number, now: () => number) {
    if (!(bytesPerMonth > 0))
      throw new RangeError(`a budget of ${bytesPerMonth} bytes a month: give a number above 0`);
    this.#now = now;
    this.#rate = bytesPerMonth / MONTH_MS;
    this.#maxSaved = Math.max(CHEAPEST, HOUR_MS * this.#rate);
    this.#saved = this.#maxSaved;
    this.#at = now();
  }

  /** Milliseconds until a query may be sent. */
  get waitMs(): number {
    this.#earn();
    return this.#saved > 0 ? 0 : Math.floor(-this.#saved / this.#rate) + 1;
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
    this.#saved = Math.min(this.#maxSaved, this.#saved + (now - this.#at) * this.#rate);
    this.#at = now;
  }
}

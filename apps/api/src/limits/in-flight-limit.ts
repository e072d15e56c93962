/** Of what may be in flight at most, given back at each look that finds the event loop in time. */
const BACK = 0.1;

/**
 * How many requests may be in flight: half as many each time the event loop is found late, and slowly more again when it is
 * not, as TCP finds its window (RFC 5681, 3.1). Never none: to refuse all would leave an instance idle that has only too much.
 */
export class InFlightLimit {
  readonly #max: number;
  #now: number;

  /** `max`: 1 and more. */
  constructor(max: number) {
    this.#max = max;
    this.#now = max;
  }

  /** Requests, 1 to `max`. */
  get now(): number {
    return this.#now;
  }

  /** To be told again and again. */
  look(late: boolean): void {
    this.#now = late
      ? Math.max(1, Math.floor(this.#now / 2))
      : Math.min(this.#max, this.#now + Math.ceil(this.#max * BACK));
  }
}

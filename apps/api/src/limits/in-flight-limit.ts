/** The share of `max` that is added back at each observation in time. */
const BACK = 0.1;

/**
 * How many requests may be in flight. Halves each time the event loop is late and grows slowly otherwise, as TCP's congestion
 * window does (RFC 5681, 3.1). Never 0, which would leave an overloaded instance idle.
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

  look(late: boolean): void {
    this.#now = late
      ? Math.max(1, Math.floor(this.#now / 2))
      : Math.min(this.#max, this.#now + Math.ceil(this.#max * BACK));
  }
}

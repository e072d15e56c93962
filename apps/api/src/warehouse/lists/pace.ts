const GIB = 1024 ** 3;
const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

export interface PaceOptions {
  /** The shortest period. Milliseconds. */
  readonly windowMs: number;
  /** What lists may scan in 30 days. GiB. */
  readonly gibPerMonth: number;
  /** The share of time that may be spent on making lists. Percent. */
  readonly timePercent: number;
}

/** What making something costs. */
export interface Cost {
  readonly bytes: number;
  /** Milliseconds. */
  readonly busyMs: number;
}

/** How often lists are made, so that they stay within a budget of money and one of time. */
export class Pace {
  readonly windowMs: number;
  readonly #bytesPerMs: number;
  readonly #timeShare: number;

  constructor({ windowMs, gibPerMonth, timePercent }: PaceOptions) {
    this.windowMs = windowMs;
    this.#bytesPerMs = (gibPerMonth * GIB) / MONTH_MS;
    this.#timeShare = timePercent / 100;
  }

  /**
   * The shortest period in which something of this cost can be made again, with a `share` of both budgets. Milliseconds, the window times a
   * power of two: periods then nest, and instances that measured slightly different costs mostly agree.
   */
  periodMs({ bytes, busyMs }: Cost, share = 1): number {
    const leastMs = Math.max(bytes / (this.#bytesPerMs * share), busyMs / (this.#timeShare * share));
    return this.windowMs * 2 ** Math.max(0, Math.ceil(Math.log2(leastMs / this.windowMs)));
  }
}

import { CannotTell } from '../filter.ts';

/**
 * A histogram of one minute, as a metric of the kind DISTRIBUTION has it: the number of values in each bucket.
 * https://docs.cloud.google.com/monitoring/api/v3/distribution-metrics
 */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: readonly number[];
  /** Of all values; undefined where only their number is known. */
  readonly sum: number | undefined;

  /** `counts[i]` values lie above `bounds[i - 1]`, up to `bounds[i]`. The last count is of those above all bounds. */
  constructor(bounds: readonly number[], counts: readonly number[], sum?: number) {
    if (counts.length !== bounds.length + 1)
      throw new RangeError(`${bounds.length} bounds need ${bounds.length + 1} counts, not ${counts.length}`);
    this.#bounds = bounds;
    this.#counts = counts;
    this.sum = sum;
  }

  /** The histogram of some values. */
  static of(bounds: readonly number[], values: readonly number[]): Distribution {
    const counts = new Array<number>(bounds.length + 1).fill(0);
    for (const value of values) {
      const above = bounds.findIndex((bound) => value <= bound);
      const index = above < 0 ? bounds.length : above;
      counts[index] = (counts[index] ?? 0) + 1;
    }
    return new Distribution(
      bounds,
      counts,
      values.reduce((total, value) => total + value, 0),
    );
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The number of values up to `max`. Throws CannotTell unless `max` is a bound: what lies inside a bucket is not known. */
  within(max: number): number {
    const index = this.#bounds.indexOf(max);
    if (index < 0) throw new CannotTell(`${max} is not the bound of a bucket`);
    return this.#counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0);
  }

  /**
   * An estimate: values are taken to be spread evenly over their bucket, and those above the last bound to equal it. Undefined
   * without values.
   */
  quantile(fraction: number): number | undefined {
    const wanted = fraction * this.count;
    if (wanted === 0) return undefined;
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      const [from, to] = [this.#bounds[index - 1] ?? 0, this.#bounds[index]];
      if (to === undefined) return from;
      if (below + count >= wanted) return from + ((to - from) * (wanted - below)) / count;
      below += count;
    }
    return undefined;
  }
}

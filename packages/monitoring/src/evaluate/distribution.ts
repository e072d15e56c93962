import { CannotTell } from '../filter.ts';

/**
 * A histogram of one minute, as a metric of the kind DISTRIBUTION has it: the number of values in each bucket.
 * https://docs.cloud.google.com/monitoring/api/v3/distribution-metrics
 */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: readonly number[];

  /** `counts[i]` values lie above `bounds[i - 1]`, up to `bounds[i]`. The last count is of those above all bounds. */
  constructor(bounds: readonly number[], counts: readonly number[]) {
    if (counts.length !== bounds.length + 1)
      throw new RangeError(`${bounds.length} bounds need ${bounds.length + 1} counts, not ${counts.length}`);
    this.#bounds = bounds;
    this.#counts = counts;
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

import { CannotTell } from './filter.ts';

/**
 * A histogram of one minute, as a metric of the kind DISTRIBUTION has it: how many values were in each bucket.
 * https://docs.cloud.google.com/monitoring/api/v3/distribution-metrics
 */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: readonly number[];

  /** `counts[i]` values were at most `bounds[i]` and above the bound before; one more count is for those above all. */
  constructor(bounds: readonly number[], counts: readonly number[]) {
    if (counts.length !== bounds.length + 1) {
      throw new RangeError(
        `${counts.length} counts for ${bounds.length} bounds: there must be one count more`,
      );
    }
    this.#bounds = bounds;
    this.#counts = counts;
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** How many were at most `max`. Throws CannotTell when that is no bound of a bucket: what is inside of one is not known. */
  within(max: number): number {
    const index = this.#bounds.indexOf(max);
    if (index < 0) throw new CannotTell(`${max} is no bound of a bucket`);
    return this.#counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0);
  }

  /**
   * An estimate, as any that is made of buckets: values are taken to be spread evenly over theirs. Above the last bound, that bound.
   * Undefined without values.
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

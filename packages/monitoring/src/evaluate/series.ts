import type { Distribution } from './distribution.ts';

export type Value = number | boolean | Distribution;

/** A time series of Cloud Monitoring with one point per minute; `undefined` where it has none. */
export interface Series {
  readonly metric: string;
  readonly resource: string;
  /** By their names in a filter, such as `metric.labels.response_code_class`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (Value | undefined)[];
}

/** Sums of the points of a series, for any window, in constant time. */
export class Sums {
  readonly #sums: number[] = [0];
  readonly #counts: number[] = [0];

  constructor(points: readonly (Value | undefined)[], measure: (value: Value) => number) {
    for (const [minute, point] of points.entries()) {
      this.#sums.push((this.#sums[minute] ?? 0) + (point === undefined ? 0 : measure(point)));
      this.#counts.push((this.#counts[minute] ?? 0) + (point === undefined ? 0 : 1));
    }
  }

  /** The sum of the `minutes` points that end before `end`; undefined when there is no point. */
  over(minutes: number, end: number): number | undefined {
    const start = Math.max(0, end - minutes);
    if (this.#at(this.#counts, end) === this.#at(this.#counts, start)) return undefined;
    return this.#at(this.#sums, end) - this.#at(this.#sums, start);
  }

  #at(values: readonly number[], index: number): number {
    return values[Math.min(index, values.length - 1)] ?? 0;
  }
}

import { termsOf } from '../filter.ts';
import type { Distribution } from './distribution.ts';

export type Value = number | boolean | Distribution;

/** A time series of Cloud Monitoring with one point per minute; `undefined` where it has none. */
export interface Series {
  /** By their names in a filter: `metric.type`, `resource.type`, `metric.labels.response_code_class`, … */
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (Value | undefined)[];
}

/** The series that a filter selects. Throws CannotTell for a filter with more than comparisons joined by AND. */
export function select(filter: string, all: readonly Series[]): Series[] {
  const terms = termsOf(filter);
  return all.filter(({ labels }) =>
    terms.every(({ name, operator, value }) => (labels[name] === value) === (operator === '=')),
  );
}

/** Sums over any window of a series, in constant time. */
export class Sums {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(points: Series['points'], measure: (value: Value) => number) {
    this.#sums = new Float64Array(points.length + 1);
    this.#counts = new Float64Array(points.length + 1);
    for (const [minute, point] of points.entries()) {
      this.#sums[minute + 1] = at(this.#sums, minute) + (point === undefined ? 0 : measure(point));
      this.#counts[minute + 1] = at(this.#counts, minute) + (point === undefined ? 0 : 1);
    }
  }

  /** The sum of the points after minute `from`, up to minute `to`; undefined when there is none. */
  over(from: number, to: number): number | undefined {
    if (to <= from || at(this.#counts, to) === at(this.#counts, from)) return undefined;
    return at(this.#sums, to) - at(this.#sums, from);
  }
}

/** 0 before the first minute. */
function at(sums: Float64Array, minute: number): number {
  return (minute < sums.length ? sums[minute] : sums.at(-1)) ?? 0;
}

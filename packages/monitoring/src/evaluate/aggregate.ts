import type { Aggregation } from '../condition.ts';
import { CannotTell } from '../filter.ts';
import { Distribution } from './distribution.ts';
import { type Series, Sums, select, type Value } from './series.ts';

/** The value at a minute, from points up to minute `visible`; later ones have not arrived. Undefined without data. */
export type Measure<T = number> = (minute: number, visible: number) => T | undefined;

export interface Group {
  /** Of the first series of the group. */
  readonly labels: Series['labels'];
  readonly at: Measure;
}

/**
 * Aligns each series that the filter selects, and reduces those that agree in all `fields` to one value. Throws CannotTell for
 * aligners and reducers that are not known here. https://docs.cloud.google.com/monitoring/api/v3/aggregation
 */
export function aggregate(
  filter: string,
  all: readonly Series[],
  aggregation: Aggregation,
  fields: readonly string[],
): Group[] {
  const keyOf = ({ labels }: Series) => JSON.stringify(fields.map((field) => labels[field]));
  return [...Map.groupBy(select(filter, all), keyOf).values()].map((group) => {
    const measures = group.map((series) => align(series, aggregation));
    return {
      labels: group[0]?.labels ?? {},
      at: (minute, visible) => {
        const values = known(measures.map((measure) => measure(minute, visible)));
        return values.length === 0 ? undefined : reduce(values, aggregation.reducer);
      },
    };
  });
}

/** What the values of a distribution add up to in a window, for each group. */
export function sumsOf(
  filter: string,
  all: readonly Series[],
  windowSeconds: number,
  field: string,
): Measure[] {
  const groups = Map.groupBy(select(filter, all), ({ labels }) => labels[field]);
  return [...groups.values()].map((group) => {
    const sums = group.map(({ points }) => new Sums(points, sumOfValues));
    return (minute, visible) => {
      const values = known(sums.map((each) => each.over(minute - windowSeconds / 60, visible)));
      return values.length === 0 ? undefined : sum(values);
    };
  });
}

function sumOfValues(value: Value): number {
  if (value instanceof Distribution && value.sum !== undefined) return value.sum;
  throw new CannotTell('a sum of values needs a series of distributions with sums');
}

export function known<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined);
}

function align({ points }: Series, { aligner, alignmentSeconds }: Aggregation): Measure<Value> {
  const minutes = alignmentSeconds / 60;
  if (aligner === 'ALIGN_DELTA' || aligner === 'ALIGN_RATE') {
    const sums = new Sums(points, numeric);
    const divisor = aligner === 'ALIGN_RATE' ? alignmentSeconds : 1;
    return (minute, visible) => {
      const sum = sums.over(minute - minutes, visible);
      return sum === undefined ? undefined : sum / divisor;
    };
  }
  return (minute, visible) => {
    const window = known(points.slice(Math.max(0, minute - minutes), visible));
    return window.length === 0 ? undefined : alignWindow(window, aligner);
  };
}

function alignWindow(window: readonly Value[], aligner: Aggregation['aligner']): Value | undefined {
  switch (aligner) {
    case 'ALIGN_NEXT_OLDER':
      return window.at(-1);
    case 'ALIGN_MAX':
      return Math.max(...window.map(numeric));
    case 'ALIGN_MEAN':
      return sum(window) / window.length;
    case 'ALIGN_PERCENTILE_99': {
      const [only, ...more] = window;
      if (more.length > 0) throw new CannotTell('percentiles are known of one minute at a time only');
      if (only instanceof Distribution) return only.quantile(0.99);
      throw new CannotTell('a percentile needs a series of distributions');
    }
    default:
      throw new CannotTell(`it aligns by ${aligner}`);
  }
}

function reduce(values: readonly Value[], reducer: Aggregation['reducer']): number {
  switch (reducer) {
    case 'REDUCE_COUNT_FALSE':
      return values.filter((value) => value === false).length;
    case 'REDUCE_SUM':
      return sum(values);
    case 'REDUCE_MAX':
      return Math.max(...values.map(numeric));
    case 'REDUCE_MIN':
      return Math.min(...values.map(numeric));
    default:
      throw new CannotTell(`it reduces by ${reducer}`);
  }
}

function sum(values: readonly Value[]): number {
  return values.reduce<number>((total, value) => total + numeric(value), 0);
}

function numeric(value: Value): number {
  if (typeof value === 'number') return value;
  throw new CannotTell('a number is needed of a series that has none');
}

import type { Aggregation, Condition, ThresholdCondition } from '../condition.ts';
import type { Objective } from '../objectives.ts';
import { burnRateOf } from './burn-rate.ts';
import { CannotTell, select } from './filter.ts';
import { type Series, Sums, type Value } from './series.ts';

/** Whether a condition holds after that many minutes; undefined without data. */
export type Verdict = (minute: number, visible: number) => boolean | undefined;

const BURN_RATE = /^select_slo_burn_rate\("([^"]+)", "(\d+)s"\)$/;

/**
 * Compares once a minute, and holds after as many violations in a row as its duration has minutes.
 * https://docs.cloud.google.com/monitoring/alerts/concepts-indepth
 */
export function verdictOf(
  condition: Condition,
  series: readonly Series[],
  objectives: readonly Objective[],
): Verdict {
  if (condition.kind === 'log')
    throw new CannotTell('it is about lines of a log, and traces have metrics only');
  const value = measured(condition, series, objectives);
  const needed = Math.max(1, condition.durationSeconds / 60);
  let inARow = 0;
  return (minute, visible) => {
    const found = value(minute, visible);
    const { comparison, threshold, withoutData } = condition;
    if (found === undefined && withoutData !== 'violates') {
      inARow = 0;
      return undefined;
    }
    const violates =
      found === undefined || (comparison === 'COMPARISON_GT' ? found > threshold : found < threshold);
    inARow = violates ? inARow + 1 : 0;
    return inARow >= needed;
  };
}

/** Where a metrics scope has several systems: each by itself, and then the worst, so that one incident is opened for all. */
const SYSTEM_LABEL = 'resource.labels.project_id';

function measured(
  { filter, aggregation, comparison }: ThresholdCondition,
  all: readonly Series[],
  objectives: readonly Objective[],
): (minute: number, visible: number) => number | undefined {
  const burn = BURN_RATE.exec(filter);
  if (burn) {
    const [, name, seconds] = burn;
    const objective = objectives.find(({ id }) => id === name);
    if (!objective) throw new CannotTell(`there is no objective ${name}`);
    return burnRateOf(objective, Number(seconds) / 60, all);
  }
  if (!aggregation) throw new CannotTell('points that are not aligned come at times that nobody knows');
  const systems = Map.groupBy(select(filter, all), ({ labels }) => labels[SYSTEM_LABEL] ?? '');
  const aligned = [...systems.values()].map((ofSystem) =>
    ofSystem.map((series) => align(series, aggregation)),
  );
  const worst = comparison === 'COMPARISON_GT' ? Math.max : Math.min;
  return (minute, visible) => {
    const perSystem = aligned.flatMap((ofSystem) => {
      const values = ofSystem.map((at) => at(minute, visible)).filter((value) => value !== undefined);
      return values.length === 0 ? [] : [reduce(values, aggregation.reducer)];
    });
    return perSystem.length === 0 ? undefined : worst(...perSystem);
  };
}

function align(
  { points }: Series,
  { aligner, alignmentSeconds }: Aggregation,
): (minute: number, visible: number) => Value | undefined {
  const minutes = alignmentSeconds / 60;
  if (aligner === 'ALIGN_DELTA') {
    const sums = new Sums(points, numeric);
    // The window ends now; points that have not arrived are missing from it.
    return (minute, visible) =>
      sums.over(minutes - (minute - Math.min(minute, visible)), Math.min(minute, visible));
  }
  return (minute, visible) => {
    const end = Math.min(minute, visible);
    const window = points.slice(Math.max(0, minute - minutes), end).filter((point) => point !== undefined);
    if (window.length === 0) return undefined;
    if (aligner === 'ALIGN_NEXT_OLDER') return window.at(-1);
    const numbers = window.map(numeric);
    if (aligner === 'ALIGN_MAX') return Math.max(...numbers);
    return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  };
}

function reduce(values: readonly Value[], reducer: Aggregation['reducer']): number {
  switch (reducer) {
    case 'REDUCE_COUNT_FALSE':
      return values.filter((value) => value === false).length;
    case 'REDUCE_SUM':
      return values.map(numeric).reduce((sum, value) => sum + value, 0);
    case 'REDUCE_MAX':
      return Math.max(...values.map(numeric));
    case 'REDUCE_MIN':
      return Math.min(...values.map(numeric));
  }
}

function numeric(value: Value): number {
  if (typeof value === 'number') return value;
  throw new CannotTell('a number is asked of a series that has none');
}

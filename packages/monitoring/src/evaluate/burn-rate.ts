import type { Objective } from '../objectives.ts';
import { select } from './filter.ts';
import { type Series, Sums, type Value } from './series.ts';

type Total = (minutes: number, end: number) => number | undefined;

/**
 * The fraction that was bad in the window, as a multiple of what the goal allows; undefined when nothing was counted.
 * https://docs.cloud.google.com/stackdriver/docs/solutions/slo-monitoring/alerting-on-budget-burn-rate
 */
export function burnRateOf(
  { goal, cloud }: Objective,
  minutes: number,
  all: readonly Series[],
): (minute: number, visible: number) => number | undefined {
  const { bad, total } = countsOf(cloud, all);
  return (minute, visible) => {
    const end = Math.min(minute, visible);
    const window = minutes - (minute - end);
    const events = window > 0 ? total(window, end) : undefined;
    if (!events) return undefined;
    return (bad(window, end) ?? 0) / events / (1 - goal);
  };
}

function countsOf(cloud: Objective['cloud'], all: readonly Series[]): { bad: Total; total: Total } {
  switch (cloud.kind) {
    case 'ratio': {
      const bad = totalOf(select(cloud.bad, all), count);
      if ('total' in cloud) return { bad, total: totalOf(select(cloud.total, all), count) };
      const good = totalOf(select(cloud.good, all), count);
      return { bad, total: (minutes, end) => plus(bad(minutes, end), good(minutes, end)) };
    }
    case 'distribution': {
      const series = select(cloud.filter, all);
      return {
        bad: totalOf(series, (value) => count(value) - within(value, cloud.max)),
        total: totalOf(series, count),
      };
    }
    case 'windows': {
      const series = select(cloud.filter, all);
      return {
        bad: totalOf(series, (value) => (count(value) > cloud.max ? 1 : 0)),
        total: totalOf(series, () => 1),
      };
    }
  }
}

function totalOf(series: readonly Series[], measure: (value: Value) => number): Total {
  const sums = series.map(({ points }) => new Sums(points, measure));
  return (minutes, end) => sums.map((sum) => sum.over(minutes, end)).reduce(plus, undefined);
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

function count(value: Value): number {
  return typeof value === 'object' ? value.count : Number(value);
}

function within(value: Value, max: number): number {
  return typeof value === 'object' ? value.within(max) : 0;
}

import type { Objective } from '../objectives.ts';
import { known, type Measure } from './aggregate.ts';
import { type Series, Sums, select, type Value } from './series.ts';

type Total = (from: number, to: number) => number | undefined;

/**
 * The fraction that was bad in the window, as a multiple of what the goal allows; undefined when nothing was counted.
 * https://docs.cloud.google.com/stackdriver/docs/solutions/slo-monitoring/alerting-on-budget-burn-rate
 */
export function burnRateOf({ goal, cloud }: Objective, minutes: number, all: readonly Series[]): Measure {
  const { bad, total } = countsOf(cloud, all);
  return (minute, visible) => {
    const events = total(minute - minutes, visible);
    return events ? (bad(minute - minutes, visible) ?? 0) / events / (1 - goal) : undefined;
  };
}

function countsOf(cloud: Objective['cloud'], all: readonly Series[]): { bad: Total; total: Total } {
  const totalOf = (filters: readonly string[], measure: (value: Value) => number = count): Total => {
    const sums = filters
      .flatMap((filter) => select(filter, all))
      .map(({ points }) => new Sums(points, measure));
    return (from, to) => {
      const found = known(sums.map((sum) => sum.over(from, to)));
      return found.length === 0 ? undefined : found.reduce((total, value) => total + value, 0);
    };
  };
  switch (cloud.kind) {
    case 'ratio':
      return {
        bad: totalOf([cloud.bad]),
        total: totalOf('total' in cloud ? [cloud.total] : [cloud.bad, cloud.good]),
      };
    case 'distribution':
      return {
        bad: totalOf([cloud.filter], (value) => count(value) - within(value, cloud.max)),
        total: totalOf([cloud.filter]),
      };
    case 'windows':
      return {
        bad: totalOf([cloud.filter], (value) => (count(value) > cloud.max ? 1 : 0)),
        total: totalOf([cloud.filter], () => 1),
      };
  }
}

function count(value: Value): number {
  return typeof value === 'object' ? value.count : +value;
}

function within(value: Value, max: number): number {
  return typeof value === 'object' ? value.within(max) : 0;
}

import type { Condition, SumCondition, ThresholdCondition } from '../condition.ts';
import { CannotTell } from '../filter.ts';
import { OBJECTIVES } from '../objectives.ts';
import { aggregate, known, type Measure, sumsOf } from './aggregate.ts';
import { burnRateOf } from './burn-rate.ts';
import type { Series } from './series.ts';

const BURN_RATE = /^select_slo_burn_rate\("([^"]+)", "(\d+)s"\)$/;

/** Where a metrics scope has several systems, each is measured by itself and the worst is compared: one incident for all. */
const SYSTEM_LABEL = 'resource.labels.project_id';

/**
 * Whether a condition holds at a minute; ask for each minute once, in order. It compares once a minute, and holds after as many
 * violations in a row as its duration has minutes. https://docs.cloud.google.com/monitoring/alerts/concepts-indepth
 */
export function verdictOf(condition: Condition, series: readonly Series[]): Measure<boolean> {
  if (condition.kind === 'log')
    throw new CannotTell('it reads log lines, which simulated incidents do not have');
  if (condition.kind === 'sum') return sumVerdict(condition, series);
  const { comparison, threshold, withoutData, durationSeconds } = condition;
  const measure = measured(condition, series);
  const needed = Math.max(1, durationSeconds / 60);
  let inARow = 0;
  return (minute, visible) => {
    const value = measure(minute, visible);
    if (value === undefined && withoutData !== 'violates') {
      inARow = 0;
      return undefined;
    }
    const violates =
      value === undefined || (comparison === 'COMPARISON_GT' ? value > threshold : value < threshold);
    inARow = violates ? inARow + 1 : 0;
    return inARow >= needed;
  };
}

function sumVerdict(
  { filter, windowSeconds, threshold }: SumCondition,
  series: readonly Series[],
): Measure<boolean> {
  const systems = sumsOf(filter, series, windowSeconds, SYSTEM_LABEL);
  return (minute, visible) => {
    const values = known(systems.map((measure) => measure(minute, visible)));
    return values.length === 0 ? undefined : Math.max(...values) > threshold;
  };
}

function measured({ filter, aggregation, comparison }: ThresholdCondition, all: readonly Series[]): Measure {
  const burn = BURN_RATE.exec(filter);
  if (burn) {
    const [, name, seconds] = burn;
    const objective = OBJECTIVES.find(({ id }) => id === name);
    if (!objective) throw new CannotTell(`there is no objective ${name}`);
    return burnRateOf(objective, Number(seconds) / 60, all);
  }
  if (!aggregation) throw new CannotTell('nobody knows when points arrive that are not aligned');
  const systems = aggregate(filter, all, aggregation, [SYSTEM_LABEL]);
  const worst = comparison === 'COMPARISON_GT' ? Math.max : Math.min;
  return (minute, visible) => {
    const values = known(systems.map(({ at }) => at(minute, visible)));
    return values.length === 0 ? undefined : worst(...values);
  };
}

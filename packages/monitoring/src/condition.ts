import { promqlOf, termsOf } from './filter.ts';

/** A condition of an alert policy of Cloud Monitoring, of the three kinds used here. */
export type Condition = ThresholdCondition | SumCondition | LogCondition;

export interface ThresholdCondition {
  readonly kind: 'threshold';
  readonly title: string;
  /** A monitoring filter, or `select_slo_burn_rate("…", "3600s")`. */
  readonly filter: string;
  /** Absent for a burn rate, which is one number already. */
  readonly aggregation?: Aggregation;
  readonly comparison: 'COMPARISON_GT' | 'COMPARISON_LT';
  readonly threshold: number;
  /** Seconds for which it must hold; 0: at once. */
  readonly durationSeconds: number;
  /**
   * `violates` takes missing data for a violation; it needs a duration of at least a minute. When absent, missing data neither opens
   * nor closes an incident. https://docs.cloud.google.com/monitoring/alerts/policies-in-api#evaluationmissingdata
   */
  readonly withoutData?: 'violates';
}

/** https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Aggregation */
export interface Aggregation {
  readonly alignmentSeconds: number;
  readonly aligner:
    | 'ALIGN_DELTA'
    | 'ALIGN_RATE'
    | 'ALIGN_MAX'
    | 'ALIGN_MEAN'
    | 'ALIGN_NEXT_OLDER'
    | 'ALIGN_PERCENTILE_99';
  readonly reducer: 'REDUCE_SUM' | 'REDUCE_MAX' | 'REDUCE_MIN' | 'REDUCE_COUNT_FALSE';
}

/**
 * Holds when the values of a distribution add up to more than the threshold. A threshold condition cannot add them; PromQL can.
 * https://docs.cloud.google.com/monitoring/promql/promql-mapping
 */
export interface SumCondition {
  readonly kind: 'sum';
  readonly title: string;
  /** Selects a metric of the kind DISTRIBUTION. */
  readonly filter: string;
  /** At most a day: Cloud Monitoring looks back 25 hours. */
  readonly windowSeconds: number;
  readonly threshold: number;
}

/** The condition in PromQL: of several projects in a metrics scope, the worst is compared. */
export function promqlOfSum({
  filter,
  windowSeconds,
  threshold,
}: Omit<SumCondition, 'kind' | 'title'>): string {
  const [metric, labels] = promqlOf(filter).split('{');
  const resource = termsOf(filter).find(({ name }) => name === 'resource.type')?.value;
  const series = `${metric}_sum{monitored_resource="${resource}",${labels}`;
  return `max(sum by (project_id) (increase(${series}[${windowSeconds}s]))) > ${threshold}`;
}

/** Holds for any line of the log that matches; notifies at most once per `notifyEverySeconds`. */
interface LogCondition {
  readonly kind: 'log';
  readonly title: string;
  readonly filter: string;
  readonly notifyEverySeconds: number;
}

/** Holds when the value is above the threshold, at once, unless it says otherwise. */
export function threshold(
  given: Omit<ThresholdCondition, 'kind' | 'comparison' | 'durationSeconds'> &
    Partial<Pick<ThresholdCondition, 'comparison' | 'durationSeconds'>>,
): ThresholdCondition {
  return { kind: 'threshold', comparison: 'COMPARISON_GT', durationSeconds: 0, ...given };
}

/** The highest value in each minute. */
export const HIGHEST: Aggregation = { alignmentSeconds: 60, aligner: 'ALIGN_MAX', reducer: 'REDUCE_MAX' };

/** What all counters together grew by in this many seconds. */
export function sumOver(alignmentSeconds: number): Aggregation {
  return { alignmentSeconds, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' };
}

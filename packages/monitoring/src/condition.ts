/** A condition of an alert policy of Cloud Monitoring, of the two kinds that are used here. */
export type Condition = ThresholdCondition | LogCondition;

export interface ThresholdCondition {
  readonly kind: 'threshold';
  readonly title: string;
  /** A monitoring filter, or `select_slo_burn_rate("…", "3600s")`. */
  readonly filter: string;
  /** None for a burn rate, which is one number already. */
  readonly aggregation?: Aggregation;
  readonly comparison: 'COMPARISON_GT' | 'COMPARISON_LT';
  readonly threshold: number;
  /** Seconds for which it must hold; 0: at once. */
  readonly durationSeconds: number;
  /**
   * What a time without data is; nothing when absent, so that it neither begins nor ends an incident. It takes a duration of a minute or more.
   * https://docs.cloud.google.com/monitoring/alerts/policies-in-api#evaluationmissingdata
   */
  readonly withoutData?: 'violates';
}

/** https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Aggregation */
export interface Aggregation {
  readonly alignmentSeconds: number;
  readonly aligner: 'ALIGN_DELTA' | 'ALIGN_MAX' | 'ALIGN_MEAN' | 'ALIGN_NEXT_OLDER';
  readonly reducer: 'REDUCE_SUM' | 'REDUCE_MAX' | 'REDUCE_MIN' | 'REDUCE_COUNT_FALSE';
}

/** Any line of the log that matches; at most one notification per `notifyEverySeconds`. */
export interface LogCondition {
  readonly kind: 'log';
  readonly title: string;
  readonly filter: string;
  readonly notifyEverySeconds: number;
}

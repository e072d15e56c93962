import type * as gcp from '@pulumi/gcp';
import { AUTO_CLOSE_MINUTES, type Condition, type Policy, promqlOfSum } from '@records/monitoring';

type PolicyInput = gcp.types.input.monitoring.AlertPolicyCondition;

/**
 * A condition as the provider takes it. In a metrics scope with several projects, each is measured by itself and the worst is
 * compared. That gives one incident and one notification for all of them, and never sums a fleet.
 * https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#MetricThreshold
 */
export function conditionArgs(condition: Condition): PolicyInput {
  if (condition.kind === 'log') {
    return { displayName: condition.title, conditionMatchedLog: { filter: condition.filter } };
  }
  if (condition.kind === 'sum') {
    return {
      displayName: condition.title,
      conditionPrometheusQueryLanguage: {
        query: promqlOfSum(condition),
        duration: '0s',
        evaluationInterval: '60s',
        // A log-based metric has no data before its first line.
        disableMetricValidation: true,
      },
    };
  }
  const { title, filter, aggregation, comparison, threshold, durationSeconds, withoutData } = condition;
  const worst = comparison === 'COMPARISON_GT' ? 'MAX' : 'MIN';
  return {
    displayName: title,
    conditionThreshold: {
      filter,
      comparison,
      ...(threshold !== 0 && { thresholdValue: threshold }),
      duration: `${durationSeconds}s`,
      ...(withoutData === 'violates' && { evaluationMissingData: 'EVALUATION_MISSING_DATA_ACTIVE' }),
      ...(aggregation && {
        aggregations: [
          {
            alignmentPeriod: `${aggregation.alignmentSeconds}s`,
            perSeriesAligner: aggregation.aligner,
            crossSeriesReducer: aggregation.reducer,
            groupByFields: ['resource.label.project_id'],
          },
          {
            // Google adds up the periods, and looks back 25 hours at most.
            alignmentPeriod: '60s',
            perSeriesAligner: `ALIGN_${worst}`,
            crossSeriesReducer: `REDUCE_${worst}`,
          },
        ],
      }),
    },
  };
}

/** Incidents close by themselves without data. A policy on a log must limit how often it notifies. */
export function strategyOf({ conditions }: Policy): gcp.types.input.monitoring.AlertPolicyAlertStrategy {
  const [log] = conditions.filter((condition) => condition.kind === 'log');
  return {
    autoClose: `${AUTO_CLOSE_MINUTES * 60}s`,
    ...(log && { notificationRateLimit: { period: `${log.notifyEverySeconds}s` } }),
  };
}

/** A notification says where to begin. */
export function documentationOf({
  title,
  runbook,
}: Policy): gcp.types.input.monitoring.AlertPolicyDocumentation {
  return {
    mimeType: 'text/markdown',
    subject: title,
    content: `Begin with the three commands of docs/runbooks/${runbook}.md.`,
  };
}

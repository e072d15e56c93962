import type * as gcp from '@pulumi/gcp';
import type { LogMetric } from '@records/monitoring';

/** A log-based metric as the provider takes it. */
export function logMetricArgs({
  name,
  description,
  filter,
  distribution,
}: LogMetric): gcp.logging.MetricArgs {
  if (!distribution) {
    return { name, description, filter, metricDescriptor: { metricKind: 'DELTA', valueType: 'INT64' } };
  }
  const { value, unit, bounds, labels } = distribution;
  return {
    name,
    description,
    filter,
    valueExtractor: value,
    labelExtractors: labels,
    bucketOptions: { explicitBuckets: { bounds: [...bounds] } },
    metricDescriptor: {
      metricKind: 'DELTA',
      valueType: 'DISTRIBUTION',
      unit,
      labels: Object.keys(labels).map((key) => ({ key, valueType: 'STRING' })),
    },
  };
}

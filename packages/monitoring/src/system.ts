/** What the filters watch, by the names that the Pulumi program gives. */
export const SYSTEM = {
  service: 'records-api',
  topic: 'records',
  subscription: 'records-to-bigquery',
  deadLetterSubscription: 'records-dead-letters',
  /** Log-based metrics: distribution of seconds per route, and count of warnings about the warehouse. */
  latencyMetric: 'records/request_latency',
  warehouseMetric: 'records/warehouse_warnings',
  /** The job that publishes a record and reads it back, and the log-based metric of its passes. */
  probeJob: 'records-probe',
  probeMetric: 'records/probes_passed',
} as const;

/** Routes of the API, as its log and its metrics name them. */
export const ROUTES = { list: '/records', lookup: '/records/:id' } as const;

/** How often the prober runs, and how many passes in a row may be missed. */
export const PROBES = { everyMinutes: 5, missed: 5 } as const;

/** A filter of Cloud Monitoring: all of it must hold. https://docs.cloud.google.com/monitoring/api/v3/filters */
export function filterOf(metric: string, resource: string, ...labels: readonly string[]): string {
  return [`metric.type="${metric}"`, `resource.type="${resource}"`, ...labels].join(' AND ');
}

const OF_SERVICE = `resource.labels.service_name="${SYSTEM.service}"`;
const OF_SUBSCRIPTION = `resource.labels.subscription_id="${SYSTEM.subscription}"`;

/** The requests of the API, with what is added. Cloud Run counts them, also when no instance answers. */
export function requestsFilter(...labels: readonly string[]): string {
  return filterOf('run.googleapis.com/request_count', 'cloud_run_revision', OF_SERVICE, ...labels);
}

export function subscriptionFilter(metric: string, ...labels: readonly string[]): string {
  return filterOf(
    `pubsub.googleapis.com/subscription/${metric}`,
    'pubsub_subscription',
    OF_SUBSCRIPTION,
    ...labels,
  );
}

/** Google's names in PromQL. https://docs.cloud.google.com/monitoring/promql/promql-mapping */
export function promqlName(metric: string): string {
  return metric.replace('/', ':').replace(/[^a-zA-Z0-9:]/g, '_');
}

export function subscriptionSeries(metric: string, subscription: string = SYSTEM.subscription): string {
  const name = promqlName(`pubsub.googleapis.com/subscription/${metric}`);
  return `${name}{subscription_id="${subscription}"}`;
}

export const SERVICE_LABEL = OF_SERVICE;

export const PROBE_LABEL = `resource.labels.job_name="${SYSTEM.probeJob}"`;

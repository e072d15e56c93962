import { and } from './filter.ts';

/** What is watched, by the names that the Pulumi program gives. */
export const SYSTEM = {
  service: 'records-api',
  topic: 'records',
  subscription: 'records-to-bigquery',
  deadLetterSubscription: 'records-dead-letters',
  /** Log-based metrics: distribution of seconds per route, and count of warnings about BigQuery. */
  latencyMetric: 'records/request_latency',
  warehouseMetric: 'records/warehouse_warnings',
  /** Log-based metrics of lists: distributions of bytes billed and of seconds per window, and a count of records left out. */
  listBytesMetric: 'records/list_bytes',
  listWindowMetric: 'records/list_window',
  leftOutMetric: 'records/left_out',
  /** The job that publishes a record and counts those stored, and the log-based metric that counts its passes. */
  probeJob: 'records-probe',
  probeMetric: 'records/probes_passed',
  /** The job that deletes what arrived again of forgotten people. */
  sweepJob: 'records-sweep',
} as const;

/** Routes of the API, as its log and its metrics name them. */
export const ROUTES = { list: '/records', lookup: '/records/:id' } as const;

/** The same routes, as far as the URLs in Cloud Run's log have a common beginning. */
const URL_PATHS = { list: '/records', lookup: '/records/' } as const;

/** Minutes between two probes, and how many passes in a row may be missing. */
export const PROBES = { everyMinutes: 5, missed: 5 } as const;

export const SERVICE_LABEL = `resource.labels.service_name="${SYSTEM.service}"`;
export const PROBE_LABEL = `resource.labels.job_name="${SYSTEM.probeJob}"`;
export const SWEEP_LABEL = `resource.labels.job_name="${SYSTEM.sweepJob}"`;

/** Filters of the metrics that objectives, alerts and dashboards read. https://docs.cloud.google.com/monitoring/api/metrics_gcp */
export const METRICS = {
  /** Cloud Run counts these, even when no instance answers. */
  requests: ofService('run.googleapis.com/request_count'),
  instances: ofService('run.googleapis.com/container/instance_count'),
  latency: ofService(`logging.googleapis.com/user/${SYSTEM.latencyMetric}`),
  warehouseWarnings: ofService(`logging.googleapis.com/user/${SYSTEM.warehouseMetric}`),
  listBytes: ofService(`logging.googleapis.com/user/${SYSTEM.listBytesMetric}`),
  listWindow: ofService(`logging.googleapis.com/user/${SYSTEM.listWindowMetric}`),
  leftOut: ofService(`logging.googleapis.com/user/${SYSTEM.leftOutMetric}`),
  probes: metric(`logging.googleapis.com/user/${SYSTEM.probeMetric}`, 'cloud_run_job', PROBE_LABEL),
  published: metric(
    'pubsub.googleapis.com/topic/send_request_count',
    'pubsub_topic',
    `resource.labels.topic_id="${SYSTEM.topic}"`,
  ),
  written: ofSubscription('ack_message_count'),
  deadLetters: ofSubscription('dead_letter_message_count'),
  oldestMessage: ofSubscription('oldest_unacked_message_age'),
  oldestDeadLetter: ofSubscription('oldest_unacked_message_age', SYSTEM.deadLetterSubscription),
  /** The resource is `global`, not `bigquery_project`. https://docs.cloud.google.com/monitoring/api/metrics_gcp_a_b#gcp-bigquery */
  billed: metric('bigquery.googleapis.com/query/scanned_bytes_billed', 'global'),
} as const;

export const SERVER_ERRORS = and(METRICS.requests, 'metric.labels.response_code_class="5xx"');
export const REFUSED = and(METRICS.published, 'metric.labels.response_code!="success"');

export function uptimeFilter(name: 'check_passed' | 'time_until_ssl_cert_expires', check: string): string {
  const type = `monitoring.googleapis.com/uptime_check/${name}`;
  return metric(type, 'uptime_url', `metric.labels.check_id="${check}"`);
}

export function routeFilter(route: keyof typeof ROUTES): string {
  return and(METRICS.latency, `metric.labels.route="${URL_PATHS[route]}"`);
}

function ofService(type: string): string {
  return metric(type, 'cloud_run_revision', SERVICE_LABEL);
}

function ofSubscription(name: string, subscription: string = SYSTEM.subscription): string {
  const type = `pubsub.googleapis.com/subscription/${name}`;
  return metric(type, 'pubsub_subscription', `resource.labels.subscription_id="${subscription}"`);
}

function metric(type: string, resource: string, ...labels: readonly string[]): string {
  return and(`metric.type="${type}"`, `resource.type="${resource}"`, ...labels);
}

import { LOG_METRICS } from '../log-metrics.ts';
import { LATENCY_MS } from '../objectives.ts';
import { PROBES, ROUTES, SYSTEM } from '../system.ts';
import type { Moment } from '../traces.ts';
import { Distribution } from './distribution.ts';
import type { Series, Value } from './series.ts';

const GIB = 1024 ** 3;

const BOUNDS = LOG_METRICS.find(({ name }) => name === SYSTEM.latencyMetric)?.distribution?.bounds ?? [];

/** Google checks from six regions. https://docs.cloud.google.com/monitoring/uptime-checks */
const REGIONS = ['usa-iowa', 'usa-oregon', 'usa-virginia', 'europe', 'south-america', 'asia-pacific'];

/** What Cloud Monitoring would have of these minutes. */
export function cloudSeries(moments: readonly Moment[]): Series[] {
  const service = { 'resource.labels.service_name': SYSTEM.service };
  const subscription = { 'resource.labels.subscription_id': SYSTEM.subscription };
  const of = (
    metric: string,
    resource: string,
    labels: Record<string, string>,
    measure: (moment: Moment, minute: number) => Value | undefined,
  ): Series => ({
    metric,
    resource,
    labels,
    points: moments.map((moment, minute) => (moment.missing ? undefined : measure(moment, minute))),
  });
  const requests = (responseClass: string, measure: (moment: Moment) => number) =>
    of(
      'run.googleapis.com/request_count',
      'cloud_run_revision',
      { ...service, 'metric.labels.response_code_class': responseClass },
      // A counter that did not move has no point.
      (moment) => measure(moment) || undefined,
    );
  const ofSubscription = (metric: string, measure: (moment: Moment) => number) =>
    of(`pubsub.googleapis.com/subscription/${metric}`, 'pubsub_subscription', subscription, measure);
  return [
    requests('2xx', (moment) => moment.requests - moment.clientErrors - moment.serverErrors),
    requests('4xx', ({ clientErrors }) => clientErrors),
    requests('5xx', ({ serverErrors }) => serverErrors),
    ...(['list', 'lookup'] as const).map((name) =>
      of(
        `logging.googleapis.com/user/${SYSTEM.latencyMetric}`,
        'cloud_run_revision',
        { ...service, 'metric.labels.route': ROUTES[name] },
        ({ requests: all, serverErrors, slow }) => latencies(name, (all - serverErrors) / 2, slow),
      ),
    ),
    of(
      `logging.googleapis.com/user/${SYSTEM.warehouseMetric}`,
      'cloud_run_revision',
      service,
      ({ warehouseWarnings }) => warehouseWarnings,
    ),
    of(
      `logging.googleapis.com/user/${SYSTEM.probeMetric}`,
      'cloud_run_job',
      { 'resource.labels.job_name': SYSTEM.probeJob },
      ({ probePasses }, minute) => (minute % PROBES.everyMinutes === 0 && probePasses ? 1 : undefined),
    ),
    ofSubscription('oldest_unacked_message_age', ({ oldestMessage }) => oldestMessage),
    ofSubscription('dead_letter_message_count', ({ deadLetters }) => deadLetters),
    ofSubscription('ack_message_count', ({ published, deadLetters }) => Math.max(0, published - deadLetters)),
    of(
      'pubsub.googleapis.com/subscription/oldest_unacked_message_age',
      'pubsub_subscription',
      { 'resource.labels.subscription_id': SYSTEM.deadLetterSubscription },
      ({ oldestDeadLetter }) => oldestDeadLetter,
    ),
    of(
      'pubsub.googleapis.com/topic/send_request_count',
      'pubsub_topic',
      { 'resource.labels.topic_id': SYSTEM.topic, 'metric.labels.response_code': 'success' },
      ({ published }) => published,
    ),
    of(
      'pubsub.googleapis.com/topic/send_request_count',
      'pubsub_topic',
      { 'resource.labels.topic_id': SYSTEM.topic, 'metric.labels.response_code': 'invalid_argument' },
      ({ refused }) => refused,
    ),
    of(
      'bigquery.googleapis.com/query/scanned_bytes_billed',
      'global',
      {},
      ({ billedGib }) => billedGib * GIB,
    ),
    of(
      'run.googleapis.com/container/instance_count',
      'cloud_run_revision',
      { ...service, 'metric.labels.state': 'active' },
      ({ instances }) => instances,
    ),
    ...REGIONS.flatMap((region, index) => {
      const labels = { 'metric.labels.check_id': SYSTEM.service, 'metric.labels.checker_location': region };
      return [
        of(
          'monitoring.googleapis.com/uptime_check/check_passed',
          'uptime_url',
          labels,
          ({ failingRegions }) => index >= failingRegions,
        ),
        of(
          'monitoring.googleapis.com/uptime_check/time_until_ssl_cert_expires',
          'uptime_url',
          labels,
          ({ certificateDays }) => certificateDays,
        ),
      ];
    }),
  ];
}

/**
 * A trace says which fraction of the answers is too slow. The rest is assumed: in each bucket below the limit is this fraction of
 * what is left, most of all in the first, and what is too slow is in the bucket after the limit.
 */
const ASSUMED_SPREAD = { list: 0.9, lookup: 0.7 } as const;

function latencies(route: keyof typeof ROUTES, count: number, slow: number): Value | undefined {
  if (count <= 0) return undefined;
  const limit = BOUNDS.indexOf(LATENCY_MS[route] / 1000);
  let left = count * (1 - slow);
  const counts = [...BOUNDS, Number.POSITIVE_INFINITY].map((_, index) => {
    if (index > limit) return index === limit + 1 ? count * slow : 0;
    const here = index === limit ? left : left * ASSUMED_SPREAD[route];
    left -= here;
    return here;
  });
  return new Distribution(BOUNDS, counts);
}

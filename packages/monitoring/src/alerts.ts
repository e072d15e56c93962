import type { Severity } from './burn-rates.ts';
import type { Condition, ThresholdCondition } from './condition.ts';
import {
  filterOf,
  PROBE_LABEL,
  PROBES,
  SERVICE_LABEL,
  SYSTEM,
  subscriptionFilter,
  subscriptionSeries,
} from './system.ts';
import type { TimeLapse } from './time-lapse.ts';
import { DAY, HOUR, MINUTE } from './units.ts';

/** What an alert compares with, from the settings of a stack. */
export interface Limits {
  /** GiB per hour that all queries of the project together may be billed. */
  readonly billedGibPerHour: number;
  readonly maxInstances: number;
  /** Id of the uptime check. */
  readonly uptimeCheck: string;
}

/** The default settings: what docs, rules and traces are made with. */
export const DEFAULT_LIMITS: Limits = {
  billedGibPerHour: 100,
  maxInstances: 4,
  uptimeCheck: SYSTEM.service,
};

/** An alert for what burn rates do not see. */
export interface Alert {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** What a burn rate would miss. */
  readonly why: string;
  /** In docs/runbooks/, without the extension. */
  readonly runbook: string;
  /** What a stack must declare for it: an uptime check wants an API that is open to anybody. */
  readonly needs?: 'uptime check' | 'prober';
  readonly condition: Condition;
  /** The same for Prometheus, or why it has none. */
  readonly prometheus:
    | { readonly expression: (time: TimeLapse) => string; readonly forSeconds: number }
    | { readonly noneBecause: string };
}

const GIB = 1024 ** 3;

export function alertsFor({ billedGibPerHour, maxInstances, uptimeCheck }: Limits): readonly Alert[] {
  return [
    {
      id: 'backlog-stuck',
      title: 'Messages wait and are not written to the table',
      severity: 'page',
      why: 'a subscription in its error state dead-letters nothing and fails nothing: messages only get older',
      runbook: 'backlog',
      condition: threshold({
        title: 'oldest unacknowledged message older than 10 minutes',
        filter: subscriptionFilter('oldest_unacked_message_age'),
        aggregation: { alignmentSeconds: MINUTE, aligner: 'ALIGN_MAX', reducer: 'REDUCE_MAX' },
        threshold: 10 * MINUTE,
        durationSeconds: 5 * MINUTE,
      }),
      prometheus: {
        expression: (time) =>
          `max(${subscriptionSeries('oldest_unacked_message_age')}) > ${time.seconds(10 * MINUTE)}`,
        forSeconds: 5 * MINUTE,
      },
    },
    {
      id: 'dead-letters',
      title: 'Messages became dead letters',
      severity: 'ticket',
      why: 'one lost record in a busy day burns no budget, and wants a person all the same',
      runbook: 'dead-letters',
      condition: threshold({
        title: 'any dead letter in 10 minutes',
        filter: subscriptionFilter('dead_letter_message_count'),
        aggregation: { alignmentSeconds: 10 * MINUTE, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' },
        threshold: 0,
        durationSeconds: 0,
      }),
      prometheus: {
        expression: (time) =>
          `sum(increase(${subscriptionSeries('dead_letter_message_count')}[${time.window(10 * MINUTE)}])) > 0`,
        forSeconds: 0,
      },
    },
    {
      id: 'dead-letters-expire',
      title: 'Dead letters are about to be lost',
      severity: 'page',
      why: 'a dead letter is kept for 31 days, and then gone without a trace',
      runbook: 'dead-letters',
      condition: threshold({
        title: 'oldest dead letter older than 24 days',
        filter: filterOf(
          'pubsub.googleapis.com/subscription/oldest_unacked_message_age',
          'pubsub_subscription',
          `resource.labels.subscription_id="${SYSTEM.deadLetterSubscription}"`,
        ),
        aggregation: { alignmentSeconds: MINUTE, aligner: 'ALIGN_MAX', reducer: 'REDUCE_MAX' },
        threshold: 24 * DAY,
        durationSeconds: 10 * MINUTE,
      }),
      prometheus: {
        expression: (time) =>
          `max(${subscriptionSeries('oldest_unacked_message_age', SYSTEM.deadLetterSubscription)}) > ${time.seconds(24 * DAY)}`,
        forSeconds: 10 * MINUTE,
      },
    },
    {
      id: 'publish-refused',
      title: 'Publishers are refused',
      severity: 'ticket',
      why: 'what is refused at publish never enters the system, so no objective counts it',
      runbook: 'publish-refused',
      condition: threshold({
        title: 'more than 20 refused publish requests in 10 minutes',
        filter: filterOf(
          'pubsub.googleapis.com/topic/send_request_count',
          'pubsub_topic',
          `resource.labels.topic_id="${SYSTEM.topic}"`,
          'metric.labels.response_code!="success"',
        ),
        aggregation: { alignmentSeconds: 10 * MINUTE, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' },
        threshold: 20,
        durationSeconds: 0,
      }),
      prometheus: {
        expression: (time) =>
          `sum(increase(pubsub_googleapis_com:topic_send_request_count{topic_id="${SYSTEM.topic}",response_code!="success"}[${time.window(10 * MINUTE)}])) > 20`,
        forSeconds: 0,
      },
    },
    {
      id: 'cost-runaway',
      title: 'Queries are billed more than planned',
      severity: 'page',
      why: 'everything works, and costs a hundred times as much',
      runbook: 'cost',
      condition: threshold({
        title: `more than ${billedGibPerHour} GiB billed in an hour`,
        // Its resource is global, not bigquery_project. https://docs.cloud.google.com/monitoring/api/metrics_gcp_a_b#gcp-bigquery
        filter: filterOf('bigquery.googleapis.com/query/scanned_bytes_billed', 'global'),
        aggregation: { alignmentSeconds: HOUR, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' },
        threshold: billedGibPerHour * GIB,
        durationSeconds: 0,
      }),
      prometheus: {
        expression: (time) =>
          `sum(increase(records_warehouse_billed_total[${time.window(HOUR)}])) > ${billedGibPerHour * GIB}`,
        forSeconds: 0,
      },
    },
    {
      id: 'stale-answers',
      title: 'The API serves an old snapshot, because BigQuery fails',
      severity: 'page',
      why: 'old pages are answered 200 while BigQuery fails, so availability burns nothing',
      runbook: 'warehouse-down',
      condition: threshold({
        title: 'a warning about the warehouse in every 5 minutes of 10',
        filter: filterOf(
          `logging.googleapis.com/user/${SYSTEM.warehouseMetric}`,
          'cloud_run_revision',
          SERVICE_LABEL,
        ),
        aggregation: { alignmentSeconds: 5 * MINUTE, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' },
        threshold: 0,
        durationSeconds: 10 * MINUTE,
      }),
      prometheus: {
        expression: (time) => `max(records_snapshot_age) > ${time.seconds(10 * MINUTE)}`,
        forSeconds: 5 * MINUTE,
      },
    },
    {
      id: 'instances-near-maximum',
      title: 'Nearly as many instances as there may be',
      severity: 'ticket',
      why: 'the next wave of requests waits or is refused; until then nothing fails',
      runbook: 'instances',
      condition: threshold({
        title: `more than four fifths of ${maxInstances} instances for 10 minutes`,
        filter: filterOf(
          'run.googleapis.com/container/instance_count',
          'cloud_run_revision',
          SERVICE_LABEL,
          'metric.labels.state="active"',
        ),
        aggregation: { alignmentSeconds: MINUTE, aligner: 'ALIGN_MAX', reducer: 'REDUCE_SUM' },
        threshold: maxInstances * 0.8,
        durationSeconds: 10 * MINUTE,
      }),
      prometheus: { noneBecause: 'instances are counted by Cloud Run only' },
    },
    {
      id: 'revision-does-not-start',
      title: 'A revision does not start',
      severity: 'ticket',
      why: 'the revision before goes on serving, so a failed deployment burns nothing',
      runbook: 'revision',
      condition: {
        kind: 'log',
        title: 'a startup probe failed for good',
        filter: `resource.type="cloud_run_revision" AND ${SERVICE_LABEL} AND log_id("run.googleapis.com/varlog/system") AND severity>=ERROR AND textPayload=~"STARTUP .* probe failed"`,
        notifyEverySeconds: HOUR,
      },
      prometheus: { noneBecause: 'it is a line of the log of Cloud Run' },
    },
    {
      id: 'unreachable',
      title: 'The API can not be reached from outside',
      severity: 'page',
      why: 'DNS, certificate or load balancer: what does not arrive is counted nowhere inside',
      runbook: 'unreachable',
      needs: 'uptime check',
      condition: threshold({
        title: 'two regions or more fail for 3 minutes',
        filter: filterOf(
          'monitoring.googleapis.com/uptime_check/check_passed',
          'uptime_url',
          `metric.labels.check_id="${uptimeCheck}"`,
        ),
        aggregation: {
          alignmentSeconds: 2 * MINUTE,
          aligner: 'ALIGN_NEXT_OLDER',
          reducer: 'REDUCE_COUNT_FALSE',
        },
        threshold: 1,
        durationSeconds: 3 * MINUTE,
      }),
      prometheus: { noneBecause: 'Google checks from outside, a local Prometheus can not' },
    },
    {
      id: 'probe-failing',
      title: 'A published record does not come out at the API',
      severity: 'page',
      why: 'without traffic nothing fails, nothing gets old and nothing is counted',
      runbook: 'probe',
      needs: 'prober',
      condition: threshold({
        title: `no probe passed in ${PROBES.missed * PROBES.everyMinutes} minutes`,
        filter: filterOf(`logging.googleapis.com/user/${SYSTEM.probeMetric}`, 'cloud_run_job', PROBE_LABEL),
        aggregation: {
          alignmentSeconds: PROBES.missed * PROBES.everyMinutes * MINUTE,
          aligner: 'ALIGN_DELTA',
          reducer: 'REDUCE_SUM',
        },
        comparison: 'COMPARISON_LT',
        threshold: 1,
        durationSeconds: MINUTE,
        // Whether a counter without lines has points of zero or none, and when nothing starts the prober any more.
        withoutData: 'violates',
      }),
      prometheus: { noneBecause: 'a prober that has ended can not be scraped: its line is in the log' },
    },
    {
      id: 'certificate-expires',
      title: 'The certificate expires soon',
      severity: 'ticket',
      why: 'Google renews it a month before its end; when it has not, the domain points elsewhere',
      runbook: 'unreachable',
      needs: 'uptime check',
      condition: threshold({
        title: 'fewer than 14 days left',
        filter: filterOf(
          'monitoring.googleapis.com/uptime_check/time_until_ssl_cert_expires',
          'uptime_url',
          `metric.labels.check_id="${uptimeCheck}"`,
        ),
        aggregation: { alignmentSeconds: 20 * MINUTE, aligner: 'ALIGN_NEXT_OLDER', reducer: 'REDUCE_MIN' },
        comparison: 'COMPARISON_LT',
        threshold: 14,
        durationSeconds: 10 * MINUTE,
      }),
      prometheus: { noneBecause: 'there is no certificate on this machine' },
    },
  ];
}

function threshold(
  given: Omit<ThresholdCondition, 'kind' | 'comparison'> & Partial<Pick<ThresholdCondition, 'comparison'>>,
): ThresholdCondition {
  return { kind: 'threshold', comparison: 'COMPARISON_GT', ...given };
}

import type { Severity } from './burn-rates.ts';
import { type Condition, HIGHEST, sumOver, type ThresholdCondition, threshold } from './condition.ts';
import { and } from './filter.ts';
import { METRICS, PROBES, REFUSED, SERVICE_LABEL, SWEEP_LABEL, SYSTEM, uptimeFilter } from './system.ts';
import { DAY, HOUR, MINUTE } from './units.ts';

/** What an alert compares with, from the settings of a stack. */
export interface Limits {
  /** GiB per hour that all queries of the project together may be billed. */
  readonly billedGibPerHour: number;
  /** GiB per month that the queries of lists may scan: LIST_GIB_PER_MONTH of the API. */
  readonly listGibPerMonth: number;
  readonly maxInstances: number;
  /** Id of the uptime check. */
  readonly uptimeCheck: string;
}

/** The default settings, used for documents, Prometheus rules and traces. */
export const DEFAULT_LIMITS: Limits = {
  billedGibPerHour: 100,
  listGibPerMonth: 3437,
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
  /** What a stack must declare for it. An uptime check needs an API that is open to anybody. */
  readonly needs?: 'uptime check' | 'prober' | 'sweep';
  readonly condition: Condition;
  /** What differs in Prometheus, such as the series that the condition reads; absent where nothing differs. */
  readonly prometheus?:
    | (Partial<ThresholdCondition> & { readonly series?: string })
    | { readonly noneBecause: string };
}

const GIB = 1024 ** 3;
const MONTH_DAYS = 30;

/** Of the budget of lists, when a month goes on like the last day. */
const LIST_SHARE = 0.8;

export function alertsFor({
  billedGibPerHour,
  listGibPerMonth,
  maxInstances,
  uptimeCheck,
}: Limits): readonly Alert[] {
  return [
    {
      id: 'backlog-stuck',
      title: 'Messages wait instead of reaching the table',
      severity: 'page',
      why: 'a subscription in its error state neither fails nor dead-letters anything; its messages only get older',
      runbook: 'backlog',
      condition: threshold({
        title: 'oldest unacknowledged message older than 10 minutes',
        filter: METRICS.oldestMessage,
        aggregation: HIGHEST,
        threshold: 10 * MINUTE,
        durationSeconds: 5 * MINUTE,
      }),
    },
    {
      id: 'dead-letters',
      title: 'Messages became dead letters',
      severity: 'ticket',
      why: 'one lost record on a busy day spends hardly any error budget, but still needs a person',
      runbook: 'dead-letters',
      condition: threshold({
        title: 'any dead letter in 10 minutes',
        filter: METRICS.deadLetters,
        aggregation: sumOver(10 * MINUTE),
        threshold: 0,
      }),
    },
    {
      id: 'dead-letters-expire',
      title: 'Dead letters are about to expire',
      severity: 'page',
      why: 'Pub/Sub keeps a dead letter for 31 days, then deletes it without a trace',
      runbook: 'dead-letters',
      condition: threshold({
        title: 'oldest dead letter older than 24 days',
        filter: METRICS.oldestDeadLetter,
        aggregation: HIGHEST,
        threshold: 24 * DAY,
        durationSeconds: 10 * MINUTE,
      }),
    },
    {
      id: 'publish-refused',
      title: 'Publishers are refused',
      severity: 'ticket',
      why: 'a message refused at publish never enters the system, so no objective counts it',
      runbook: 'publish-refused',
      condition: threshold({
        title: 'more than 20 refused publish requests in 10 minutes',
        filter: REFUSED,
        aggregation: sumOver(10 * MINUTE),
        threshold: 20,
      }),
    },
    {
      id: 'cost-runaway',
      title: 'Queries cost more than planned',
      severity: 'page',
      why: 'everything works, at a hundred times the cost',
      runbook: 'cost',
      condition: threshold({
        title: `more than ${billedGibPerHour} GiB billed in an hour`,
        filter: METRICS.billed,
        aggregation: sumOver(HOUR),
        threshold: billedGibPerHour * GIB,
      }),
      prometheus: { series: 'records_warehouse_billed_total' },
    },
    {
      id: 'list-budget',
      title: 'The lists will spend their monthly budget',
      severity: 'ticket',
      why: 'the API keeps the budget by making lists less often, so answers only get older',
      runbook: 'list-budget',
      condition: {
        kind: 'sum',
        title: `more billed for lists in a day than ${LIST_SHARE * 100} % of ${listGibPerMonth} GiB a month`,
        filter: METRICS.listBytes,
        windowSeconds: DAY,
        threshold: Math.round((LIST_SHARE * listGibPerMonth * GIB) / MONTH_DAYS),
      },
      prometheus: { noneBecause: 'nothing is billed on this machine' },
    },
    {
      id: 'records-left-out',
      title: 'Lists lack records that cannot be served',
      severity: 'ticket',
      why: 'every other record is served, so no request fails',
      runbook: 'left-out',
      condition: threshold({
        title: 'any record left out in a day',
        filter: METRICS.leftOut,
        aggregation: sumOver(DAY),
        threshold: 0,
      }),
      prometheus: { noneBecause: "the signal is a line in the API's log" },
    },
    {
      id: 'stale-answers',
      title: 'The API serves an old snapshot because BigQuery fails',
      severity: 'page',
      why: 'while BigQuery fails, old pages are still answered with 200, so availability spends no budget',
      runbook: 'warehouse-down',
      condition: threshold({
        title: 'BigQuery warnings for 10 minutes, with no pause of 5 minutes',
        filter: METRICS.warehouseWarnings,
        aggregation: sumOver(5 * MINUTE),
        threshold: 0,
        durationSeconds: 10 * MINUTE,
      }),
      prometheus: {
        series: 'records_snapshot_age',
        aggregation: HIGHEST,
        threshold: 10 * MINUTE,
        durationSeconds: 5 * MINUTE,
      },
    },
    {
      id: 'instances-near-maximum',
      title: 'The number of instances is close to its maximum',
      severity: 'ticket',
      why: 'nothing fails until the next wave of requests has to wait or is refused',
      runbook: 'instances',
      condition: threshold({
        title: `more than 80 % of ${maxInstances} instances for 10 minutes`,
        filter: and(METRICS.instances, 'metric.labels.state="active"'),
        aggregation: { ...HIGHEST, reducer: 'REDUCE_SUM' },
        threshold: maxInstances * 0.8,
        durationSeconds: 10 * MINUTE,
      }),
      prometheus: { noneBecause: 'only Cloud Run counts instances' },
    },
    {
      id: 'revision-does-not-start',
      title: 'A revision fails to start',
      severity: 'ticket',
      why: 'the previous revision keeps serving, so a failed deployment spends no budget',
      runbook: 'revision',
      condition: {
        kind: 'log',
        title: 'a startup probe failed for good',
        filter: and(
          'resource.type="cloud_run_revision"',
          SERVICE_LABEL,
          'log_id("run.googleapis.com/varlog/system")',
          'severity>=ERROR',
          'textPayload=~"STARTUP .* probe failed"',
        ),
        notifyEverySeconds: HOUR,
      },
      prometheus: { noneBecause: "the signal is a line in Cloud Run's log" },
    },
    {
      id: 'unreachable',
      title: 'The API cannot be reached from outside',
      severity: 'page',
      why: 'faults of DNS, certificate or load balancer: requests that never arrive are counted nowhere inside',
      runbook: 'unreachable',
      needs: 'uptime check',
      condition: threshold({
        title: 'checks from two or more regions fail for 3 minutes',
        filter: uptimeFilter('check_passed', uptimeCheck),
        aggregation: {
          alignmentSeconds: 2 * MINUTE,
          aligner: 'ALIGN_NEXT_OLDER',
          reducer: 'REDUCE_COUNT_FALSE',
        },
        threshold: 1,
        durationSeconds: 3 * MINUTE,
      }),
      prometheus: { noneBecause: 'Google checks from outside; a local Prometheus cannot' },
    },
    {
      id: 'probe-failing',
      title: 'No probe passes',
      severity: 'page',
      why: 'without traffic nothing fails, no message ages and nothing is counted',
      runbook: 'probe',
      needs: 'prober',
      condition: threshold({
        title: `no probe passed in ${PROBES.missed * PROBES.everyMinutes} minutes`,
        filter: METRICS.probes,
        aggregation: sumOver(PROBES.missed * PROBES.everyMinutes * MINUTE),
        comparison: 'COMPARISON_LT',
        threshold: 1,
        durationSeconds: MINUTE,
        // A counter without lines may have no points at all, and has none when nothing starts the prober.
        withoutData: 'violates',
      }),
      prometheus: { noneBecause: 'a job that has ended cannot be scraped; its result is a line in the log' },
    },
    {
      id: 'sweep-failing',
      title: 'Forgotten people are not deleted again',
      severity: 'ticket',
      why: 'the API hides them, so nobody sees that their rows stay',
      runbook: 'sweep',
      needs: 'sweep',
      condition: {
        kind: 'log',
        title: 'the sweep or its start failed',
        filter: and('resource.type="cloud_run_job"', SWEEP_LABEL, 'severity>=ERROR'),
        notifyEverySeconds: DAY,
      },
      prometheus: { noneBecause: "the signal is a line in Cloud Run's log" },
    },
    {
      id: 'certificate-expires',
      title: 'The certificate expires soon',
      severity: 'ticket',
      why: 'Google renews it a month before it expires; if that failed, the domain points elsewhere',
      runbook: 'unreachable',
      needs: 'uptime check',
      condition: threshold({
        title: 'fewer than 14 days left',
        filter: uptimeFilter('time_until_ssl_cert_expires', uptimeCheck),
        aggregation: { alignmentSeconds: 20 * MINUTE, aligner: 'ALIGN_NEXT_OLDER', reducer: 'REDUCE_MIN' },
        comparison: 'COMPARISON_LT',
        threshold: 14,
        durationSeconds: 10 * MINUTE,
      }),
      prometheus: { noneBecause: 'there is no certificate on this machine' },
    },
  ];
}

import { BIGQUERY, CLOUD_RUN, type Part, PUBSUB, togetherAvailable } from './parts.ts';
import {
  filterOf,
  ROUTES,
  requestsFilter,
  SERVICE_LABEL,
  SYSTEM,
  subscriptionFilter,
  subscriptionSeries,
} from './system.ts';
import type { TimeLapse } from './time-lapse.ts';

/** How Cloud Monitoring measures an objective. */
export type CloudIndicator =
  /** Events that are bad, of all or beside those that are good: the API takes exactly two of the three. */
  | { readonly kind: 'ratio'; readonly bad: string; readonly total: string }
  | { readonly kind: 'ratio'; readonly bad: string; readonly good: string }
  /** Events whose value is at most `max`. */
  | { readonly kind: 'distribution'; readonly filter: string; readonly max: number }
  /** Windows in which the mean of a gauge is at most `max`. */
  | {
      readonly kind: 'windows';
      readonly filter: string;
      readonly max: number;
      readonly windowSeconds: number;
    };

/** With less than this, a rate of errors says nothing: one slow start in three requests is no incident. */
export interface Guard {
  readonly atLeast: number;
  readonly of: string;
  /** What Cloud Monitoring counts in the long window. */
  readonly filter: string;
  /** The same for Prometheus. */
  expression(window: string): string;
}

export interface Objective {
  readonly id: string;
  readonly title: string;
  /** What counts as good. */
  readonly indicator: string;
  /** The fraction that must be good over `windowDays`. */
  readonly goal: number;
  readonly windowDays: number;
  /** What the indicator counts. */
  readonly unit: 'request' | 'message' | 'minute';
  /** Without these parts nothing good can happen, so the goal may not be above what they promise. */
  readonly parts: readonly Part[];
  readonly reason: string;
  readonly cloud: CloudIndicator;
  /** Expression of Prometheus: the fraction that was bad in the window. */
  errorRatio(window: string): string;
  /** Undefined where there is never too little to count. */
  readonly guard: Guard | undefined;
  /** In docs/runbooks/, without the extension. */
  readonly runbook: string;
}

/** The longest rolling window that Cloud Monitoring takes. */
const WINDOW_DAYS = 30;

/** Milliseconds; each is a bound of a bucket of the API's own histogram. */
export const LATENCY_MS = { list: 500, lookup: 2_500 } as const;

/** Seconds from published to written; the snapshot adds up to two freshness windows. */
export const FRESHNESS_SECONDS = 120;

const FEWEST_BAD_EVENTS = 10;
const FEWEST_REQUESTS = 100;

const SERVER_ERRORS = 'metric.labels.response_code_class="5xx"';
const REQUESTS = 'http_server_request_duration';
const FAILED = `${REQUESTS}_count{http_response_status_code=~"5.."}`;
const DEAD = subscriptionSeries('dead_letter_message_count');
const ACKED = subscriptionSeries('ack_message_count');
const OLDEST = subscriptionSeries('oldest_unacked_message_age');
const TOO_OLD = 'records:message_too_old';

/** Recorded by Prometheus once a minute, for windows of minutes: 1 when the oldest message is too old. */
export function tooOld(time: TimeLapse): { readonly record: string; readonly expr: string } {
  return { record: TOO_OLD, expr: `max(${OLDEST}) > bool ${time.seconds(FRESHNESS_SECONDS)}` };
}

export const OBJECTIVES: readonly Objective[] = [
  {
    id: 'availability',
    title: 'Availability of the API',
    indicator: 'requests that are not answered 5xx; what a client does wrong (4xx) is not counted against it',
    goal: 0.999,
    windowDays: WINDOW_DAYS,
    unit: 'request',
    parts: [CLOUD_RUN, BIGQUERY],
    reason: 'pages that are known are served while BigQuery is down, but a start and a look-up need it',
    cloud: {
      kind: 'ratio',
      bad: requestsFilter(SERVER_ERRORS),
      total: requestsFilter(),
    },
    errorRatio: (window) => `${increase(FAILED, window)} / ${increase(`${REQUESTS}_count`, window)}`,
    guard: {
      atLeast: FEWEST_BAD_EVENTS,
      of: 'answers 5xx',
      filter: requestsFilter(SERVER_ERRORS),
      expression: (window) => increase(FAILED, window),
    },
    runbook: 'api-errors',
  },
  latency('list', 0.99, 'a page comes from memory, or from BigQuery by one call to read a result'),
  latency(
    'lookup',
    0.95,
    'a look-up of an unknown id runs a query, which BigQuery does not promise to be fast',
  ),
  {
    id: 'freshness',
    title: 'Freshness of the table',
    indicator: `minutes in which the oldest message that is not yet in the table is at most ${FRESHNESS_SECONDS} s old`,
    goal: 0.99,
    windowDays: WINDOW_DAYS,
    unit: 'minute',
    parts: [PUBSUB, BIGQUERY],
    reason: 'Pub/Sub writes within seconds as a rule, promises no time, and retries what BigQuery refuses',
    cloud: {
      kind: 'windows',
      filter: subscriptionFilter('oldest_unacked_message_age'),
      max: FRESHNESS_SECONDS,
      windowSeconds: 60,
    },
    errorRatio: (window) => `avg_over_time(${TOO_OLD}[${window}])`,
    guard: undefined,
    runbook: 'backlog',
  },
  {
    id: 'completeness',
    title: 'Completeness of the ingestion',
    indicator: 'messages that were accepted and written to the table, and not given up as dead letters',
    goal: 0.999,
    windowDays: WINDOW_DAYS,
    unit: 'message',
    parts: [PUBSUB, BIGQUERY],
    reason: 'the schema of the topic refuses most mistakes at publish; what is left wants a person for each',
    cloud: {
      kind: 'ratio',
      bad: subscriptionFilter('dead_letter_message_count'),
      good: subscriptionFilter('ack_message_count'),
    },
    errorRatio: (window) =>
      `${increase(DEAD, window)} / (${increase(DEAD, window)} + ${increase(ACKED, window)})`,
    guard: {
      atLeast: FEWEST_BAD_EVENTS,
      of: 'dead letters',
      filter: subscriptionFilter('dead_letter_message_count'),
      expression: (window) => increase(DEAD, window),
    },
    runbook: 'dead-letters',
  },
];

function latency(routeClass: keyof typeof ROUTES, goal: number, reason: string): Objective {
  const route = ROUTES[routeClass];
  const max = LATENCY_MS[routeClass] / 1000;
  const answered = `http_route="${route}",http_response_status_code!~"5.."`;
  const all = (window: string) => increase(`${REQUESTS}_count{${answered}}`, window);
  const fast = (window: string) => increase(`${REQUESTS}_bucket{${answered},le="${max}"}`, window);
  return {
    id: `latency-${routeClass}`,
    title: `Latency of ${route}`,
    indicator: `requests to ${route} that are answered within ${LATENCY_MS[routeClass]} ms; errors are the availability's`,
    goal,
    windowDays: WINDOW_DAYS,
    unit: 'request',
    parts: [CLOUD_RUN, BIGQUERY],
    reason,
    cloud: {
      kind: 'distribution',
      filter: filterOf(
        `logging.googleapis.com/user/${SYSTEM.latencyMetric}`,
        'cloud_run_revision',
        SERVICE_LABEL,
        `metric.labels.route="${route}"`,
      ),
      max,
    },
    errorRatio: (window) => `1 - ${fast(window)} / ${all(window)}`,
    guard: {
      atLeast: FEWEST_REQUESTS,
      of: 'requests',
      filter: requestsFilter(),
      expression: (window) => increase(`${REQUESTS}_count`, window),
    },
    runbook: 'slow-answers',
  };
}

function increase(series: string, window: string): string {
  return `sum(increase(${series}[${window}]))`;
}

/** Throws RangeError when an objective promises more than its parts, or what Cloud Monitoring does not take. */
export function checkObjective({ id, goal, windowDays, parts }: Objective): void {
  const ceiling = togetherAvailable(parts);
  if (goal > ceiling) {
    const names = parts.map(({ name }) => name).join(' and ');
    throw new RangeError(
      `objective ${id} promises ${goal}: ${names} together promise ${ceiling.toFixed(6)}, so it may not be above that`,
    );
  }
  // https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/services.serviceLevelObjectives
  if (goal <= 0 || goal > 0.999) throw new RangeError(`objective ${id} promises ${goal}: above 0, to 0.999`);
  if (windowDays < 1 || windowDays > 30)
    throw new RangeError(`objective ${id}: 1 to 30 days, not ${windowDays}`);
}

/** Minutes of total failure, or the number of bad events per million, that the window allows. */
export function errorBudget({ goal, windowDays }: Objective): { minutes: number; perMillion: number } {
  return { minutes: (1 - goal) * windowDays * 24 * 60, perMillion: (1 - goal) * 1_000_000 };
}

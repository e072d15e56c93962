import { promqlOf } from './filter.ts';
import { BIGQUERY, CLOUD_RUN, type Part, PUBSUB } from './parts.ts';
import { METRICS, ROUTES, routeFilter, SERVER_ERRORS } from './system.ts';
import type { TimeLapse } from './time-lapse.ts';

/** How Cloud Monitoring measures an objective. */
type CloudIndicator =
  /** Filters of events. The API takes exactly two of bad, good and total. */
  | { readonly kind: 'ratio'; readonly bad: string; readonly total: string }
  | { readonly kind: 'ratio'; readonly bad: string; readonly good: string }
  /** An event is good when its value is at most `max`. */
  | { readonly kind: 'distribution'; readonly filter: string; readonly max: number }
  /** A window is good when the mean of a gauge in it is at most `max`. */
  | {
      readonly kind: 'windows';
      readonly filter: string;
      readonly max: number;
      readonly windowSeconds: number;
    };

/** The fewest events for which an error rate means something: one slow start in three requests is no incident. */
interface Guard {
  readonly atLeast: number;
  readonly of: string;
  /** What Cloud Monitoring counts in the long window. */
  readonly filter: string;
  /** The counters of the same in Prometheus. */
  readonly series: string;
}

export interface Objective {
  readonly id: string;
  readonly title: string;
  /** What counts as good. */
  readonly indicator: string;
  /** The fraction that must be good over `windowDays`; Cloud Monitoring takes more than 0, to 0.999. */
  readonly goal: number;
  /** 1 to 30. https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/services.serviceLevelObjectives */
  readonly windowDays: number;
  /** What the indicator counts. */
  readonly unit: 'request' | 'message' | 'minute';
  /** Without these nothing good can happen, so the goal must not exceed what they promise together. */
  readonly parts: readonly Part[];
  /** Why the goal is not higher. */
  readonly reason: string;
  readonly cloud: CloudIndicator;
  /** The expression of Prometheus for the fraction that was bad in the window. */
  errorRatio(window: string): string;
  /** Undefined where there is always enough to count. */
  readonly guard: Guard | undefined;
  /** In docs/runbooks/, without the extension. */
  readonly runbook: string;
}

const WINDOW_DAYS = 30;

/** Each is a bucket bound of the API's own histogram. */
export const LATENCY_MS = { list: 500, lookup: 2_500 } as const;

/** From published to written to the table; the snapshot adds up to two freshness windows. */
export const FRESHNESS_SECONDS = 120;

const FEWEST_BAD_EVENTS = 10;
const FEWEST_REQUESTS = 100;

const REQUESTS = 'http_server_request_duration';
const FAILED = `${REQUESTS}_count{http_response_status_code=~"5.."}`;
const DEAD = promqlOf(METRICS.deadLetters);
const WRITTEN = promqlOf(METRICS.written);
const TOO_OLD = 'records:message_too_old';

/** A recording rule of Prometheus, evaluated once a minute: 1 while the oldest message is too old, else 0. */
export function tooOld(time: TimeLapse): { readonly record: string; readonly expr: string } {
  const limit = time.seconds(FRESHNESS_SECONDS);
  return { record: TOO_OLD, expr: `max(${promqlOf(METRICS.oldestMessage)}) > bool ${limit}` };
}

export const OBJECTIVES: readonly Objective[] = [
  {
    id: 'availability',
    title: 'Availability of the API',
    indicator: 'requests not answered with 5xx; client errors (4xx) count as good',
    goal: 0.999,
    windowDays: WINDOW_DAYS,
    unit: 'request',
    parts: [CLOUD_RUN, BIGQUERY],
    reason: 'known pages are served while BigQuery is down, but a start and a look-up need BigQuery',
    cloud: { kind: 'ratio', bad: SERVER_ERRORS, total: METRICS.requests },
    errorRatio: (window) => `${increase(FAILED, window)} / ${increase(`${REQUESTS}_count`, window)}`,
    guard: {
      atLeast: FEWEST_BAD_EVENTS,
      of: '5xx answers',
      filter: SERVER_ERRORS,
      series: FAILED,
    },
    runbook: 'api-errors',
  },
  latency('list', 0.99, 'a page comes from memory, or from BigQuery by one call that reads a result'),
  latency('lookup', 0.95, 'a look-up of an unknown id runs a query, and BigQuery promises no speed'),
  {
    id: 'freshness',
    title: 'Freshness of the table',
    indicator: `minutes in which the oldest message not yet in the table is at most ${FRESHNESS_SECONDS} s old`,
    goal: 0.99,
    windowDays: WINDOW_DAYS,
    unit: 'minute',
    parts: [PUBSUB, BIGQUERY],
    reason:
      'Pub/Sub usually writes within seconds, but promises no time and retries messages that BigQuery refuses',
    cloud: {
      kind: 'windows',
      filter: METRICS.oldestMessage,
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
    indicator: 'accepted messages that are written to the table and do not become dead letters',
    goal: 0.999,
    windowDays: WINDOW_DAYS,
    unit: 'message',
    parts: [PUBSUB, BIGQUERY],
    reason: "the topic's schema refuses most mistakes at publish; each of the others needs a person",
    cloud: { kind: 'ratio', bad: METRICS.deadLetters, good: METRICS.written },
    errorRatio: (window) =>
      `${increase(DEAD, window)} / (${increase(DEAD, window)} + ${increase(WRITTEN, window)})`,
    guard: {
      atLeast: FEWEST_BAD_EVENTS,
      of: 'dead letters',
      filter: METRICS.deadLetters,
      series: DEAD,
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
    indicator: `requests to ${route} answered within ${LATENCY_MS[routeClass]} ms; 5xx answers are not counted`,
    goal,
    windowDays: WINDOW_DAYS,
    unit: 'request',
    parts: [CLOUD_RUN, BIGQUERY],
    reason,
    cloud: { kind: 'distribution', filter: routeFilter(routeClass), max },
    errorRatio: (window) => `1 - ${fast(window)} / ${all(window)}`,
    guard: {
      atLeast: FEWEST_REQUESTS,
      of: 'requests',
      filter: METRICS.requests,
      series: `${REQUESTS}_count`,
    },
    runbook: 'slow-answers',
  };
}

/** What the counters together grew by in the window, in PromQL. */
export function increase(series: string, window: string): string {
  return `sum(increase(${series}[${window}]))`;
}

/** What the window allows: minutes of total failure, or bad events per million. */
export function errorBudget({ goal, windowDays }: Objective): { minutes: number; perMillion: number } {
  return { minutes: (1 - goal) * windowDays * 24 * 60, perMillion: (1 - goal) * 1_000_000 };
}

import { and } from './filter.ts';
import { LATENCY_MS } from './objectives.ts';
import { REQUEST_LOG } from './request-log.ts';
import { PROBE_LABEL, SERVICE_LABEL, SYSTEM } from './system.ts';

/** A metric that Cloud Logging counts from lines of Cloud Run, the API and the prober. https://docs.cloud.google.com/logging/docs/logs-based-metrics */
export interface LogMetric {
  readonly name: string;
  readonly description: string;
  readonly filter: string;
  /** A distribution of these values; undefined counts the lines. */
  readonly distribution?: {
    readonly value: string;
    readonly unit: string;
    /** Of the latency, two are the limits of the objectives, so what those count is exact. */
    readonly bounds: readonly number[];
    /** Extractors by the name of the label. */
    readonly labels: Readonly<Record<string, string>>;
  };
}

const STDOUT = 'log_id("run.googleapis.com/stdout")';
const LINES = and('resource.type="cloud_run_revision"', SERVICE_LABEL, STDOUT);
const MIB = 1024 ** 2;
/** An address before the path. RE2, as everywhere in Cloud Logging. */
const HOST = '^https?://[^/?]+';

export const LOG_METRICS: readonly LogMetric[] = [
  {
    name: SYSTEM.latencyMetric,
    description: 'Seconds until Cloud Run had answered a request, by route, without 5xx answers.',
    // The API logs no answer below 400 at the level of production, and its front logs none at all.
    filter: and(
      REQUEST_LOG,
      `httpRequest.requestUrl=~"${HOST}/records(/[^/?]+)?([?]|$)"`,
      'httpRequest.status<500',
    ),
    distribution: {
      value: 'EXTRACT(httpRequest.latency)',
      unit: 's',
      bounds: [0.005, 0.025, 0.1, LATENCY_MS.list / 1000, 1, LATENCY_MS.lookup / 1000, 5, 10],
      labels: { route: `REGEXP_EXTRACT(httpRequest.requestUrl, "${HOST}(/records/?)")` },
    },
  },
  {
    name: SYSTEM.warehouseMetric,
    description:
      'Warnings of the API that BigQuery fails: the circuit breaker opened, or the API goes on serving an old snapshot.',
    filter: and(LINES, 'severity=WARNING', 'jsonPayload.reason:*'),
  },
  {
    name: SYSTEM.listBytesMetric,
    description: 'Bytes billed for each list, delta or filter that the API made.',
    filter: and(LINES, 'jsonPayload.list.bytesBilled>=0'),
    distribution: {
      value: 'EXTRACT(jsonPayload.list.bytesBilled)',
      unit: 'By',
      // From 10 MiB, the least that BigQuery bills for a query, to 10 TiB.
      bounds: powersOf(2, 10 * MIB, 21),
      labels: { kind: 'EXTRACT(jsonPayload.list.kind)' },
    },
  },
  {
    name: SYSTEM.listWindowMetric,
    description:
      'Seconds for which a list is served before the API makes the next, which the budget of lists stretches.',
    filter: and(LINES, 'jsonPayload.list.windowSeconds>=0'),
    distribution: {
      value: 'EXTRACT(jsonPayload.list.windowSeconds)',
      unit: 's',
      bounds: powersOf(2, 1, 18),
      labels: { kind: 'EXTRACT(jsonPayload.list.kind)' },
    },
  },
  {
    name: SYSTEM.leftOutMetric,
    description: 'Records that the API leaves out of its lists because they cannot be served.',
    filter: and(LINES, 'jsonPayload.leftOut:*'),
  },
  {
    name: SYSTEM.probeMetric,
    description: 'Probes whose record was stored, and which found the API ready.',
    filter: and('resource.type="cloud_run_job"', PROBE_LABEL, STDOUT, 'jsonPayload.probe.outcome="passed"'),
  },
];

/** `count` bounds from `first` on. */
function powersOf(base: number, first: number, count: number): number[] {
  return Array.from({ length: count }, (_, power) => first * base ** power);
}

import { LATENCY_MS } from './objectives.ts';
import { PROBE_LABEL, ROUTES, SERVICE_LABEL, SYSTEM } from './system.ts';

/** A metric that Cloud Logging counts from lines of the API and the prober. https://docs.cloud.google.com/logging/docs/logs-based-metrics */
export interface LogMetric {
  readonly name: string;
  readonly description: string;
  readonly filter: string;
  /** A distribution of these values; undefined counts the lines. */
  readonly distribution?: {
    readonly value: string;
    readonly unit: string;
    /** The objectives cut at two of them, so what they count is exact. */
    readonly bounds: readonly number[];
    /** Name of a label, and where it is taken from. */
    readonly labels: Readonly<Record<string, string>>;
  };
}

const LINES = `resource.type="cloud_run_revision" AND ${SERVICE_LABEL} AND log_id("run.googleapis.com/stdout")`;
const MEASURED = Object.values(ROUTES)
  .map((route) => `"${route}"`)
  .join(' OR ');

export const LOG_METRICS: readonly LogMetric[] = [
  {
    name: SYSTEM.latencyMetric,
    description:
      'Seconds until a request was answered, by the pattern of its route, without the answers 5xx.',
    filter: `${LINES} AND httpRequest.requestUrl=(${MEASURED}) AND httpRequest.status<500`,
    distribution: {
      value: 'EXTRACT(httpRequest.latency)',
      unit: 's',
      bounds: [0.005, 0.025, 0.1, LATENCY_MS.list / 1000, 1, LATENCY_MS.lookup / 1000, 5, 10],
      labels: { route: 'EXTRACT(httpRequest.requestUrl)' },
    },
  },
  {
    name: SYSTEM.warehouseMetric,
    description:
      'Warnings of the API that BigQuery fails: the circuit breaker opened, or an old snapshot goes on serving.',
    filter: `${LINES} AND severity=WARNING AND jsonPayload.reason:*`,
  },
  {
    name: SYSTEM.probeMetric,
    description: 'Probes that published a record, read it back through the API and deleted it.',
    filter: `resource.type="cloud_run_job" AND ${PROBE_LABEL} AND log_id("run.googleapis.com/stdout") AND jsonPayload.probe.outcome="passed"`,
  },
];

import { reasonOf, UserError } from '@records/cli';
import type { Minute, Revisions, Trace } from './decision.ts';

const MINUTE_MS = 60_000;
const TIMEOUT_MS = 20_000;

/** Cloud Monitoring did not answer, or not in the documented shape. */
export class MetricsError extends UserError {
  /** Whether a retry may help; it does not after a refusal. */
  readonly mayPass: boolean;

  constructor(message: string, { mayPass }: { readonly mayPass: boolean }) {
    super(message);
    this.mayPass = mayPass;
  }
}

interface MetricsOptions {
  readonly project: string;
  readonly service: string;
  /** An access token that may read time series (roles/monitoring.viewer). */
  token(): Promise<string>;
  /** `https://monitoring.googleapis.com`, or a stand-in. */
  readonly endpoint?: string;
}

interface Series {
  readonly metric?: { readonly labels?: Readonly<Record<string, string>> };
  readonly points?: readonly {
    readonly interval?: { readonly endTime?: string };
    readonly value?: { readonly int64Value?: string; readonly doubleValue?: number };
  }[];
}

/**
 * Reads Cloud Run's own metrics of two revisions, minute by minute. Throws MetricsError.
 * https://docs.cloud.google.com/monitoring/api/metrics_gcp_p_z and
 * https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
 */
export async function observe(
  { canary, stable }: Revisions,
  since: number,
  now: number,
  options: MetricsOptions,
): Promise<Trace> {
  const [canaryMinutes, stableMinutes] = await Promise.all(
    [canary, stable].map((revision) => minutesOf(revision, since, now, options)),
  );
  return {
    canary: canaryMinutes ?? [],
    stable: stableMinutes ?? [],
    elapsed: Math.floor((now - since) / MINUTE_MS),
  };
}

async function minutesOf(revision: string, since: number, now: number, options: MetricsOptions) {
  const [counts, latencies] = await Promise.all([
    list(revision, 'request_count', { perSeriesAligner: 'ALIGN_DELTA' }, since, now, options),
    list(
      revision,
      'request_latencies',
      { perSeriesAligner: 'ALIGN_DELTA', crossSeriesReducer: 'REDUCE_PERCENTILE_95' },
      since,
      now,
      options,
    ),
  ]);
  const minutes = new Map<number, { requests: number; errors: number; p95Ms: number | undefined }>();
  const at = (endTime = '') => {
    const minute = Math.ceil((Date.parse(endTime) - since) / MINUTE_MS) - 1;
    const known = minutes.get(minute) ?? { requests: 0, errors: 0, p95Ms: undefined };
    minutes.set(minute, known);
    return known;
  };
  for (const { metric, points = [] } of counts) {
    const isError = metric?.labels?.response_code_class === '5xx';
    for (const { interval, value } of points) {
      const minute = at(interval?.endTime);
      const count = Number(value?.int64Value ?? 0);
      minute.requests += count;
      if (isError) minute.errors += count;
    }
  }
  for (const { points = [] } of latencies) {
    for (const { interval, value } of points) at(interval?.endTime).p95Ms = value?.doubleValue;
  }
  return [...minutes]
    .filter(([minute]) => minute >= 0)
    .map(([minute, numbers]): Minute => ({ minute, ...numbers }))
    .sort((a, b) => a.minute - b.minute);
}

async function list(
  revision: string,
  metric: string,
  aggregation: Readonly<Record<string, string>>,
  since: number,
  now: number,
  { project, service, token, endpoint = 'https://monitoring.googleapis.com' }: MetricsOptions,
): Promise<readonly Series[]> {
  const url = new URL(`/v3/projects/${encodeURIComponent(project)}/timeSeries`, endpoint);
  const parameters = {
    filter: [
      `metric.type = "run.googleapis.com/${metric}"`,
      `resource.labels.service_name = ${JSON.stringify(service)}`,
      `resource.labels.revision_name = ${JSON.stringify(revision)}`,
    ].join(' AND '),
    'interval.startTime': new Date(since).toISOString(),
    'interval.endTime': new Date(now).toISOString(),
    'aggregation.alignmentPeriod': `${MINUTE_MS / 1000}s`,
    ...Object.fromEntries(Object.entries(aggregation).map(([key, value]) => [`aggregation.${key}`, value])),
  };
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  const { status, body } = await get(url, await token(), metric);
  if (status !== 200 || body === undefined) {
    const said = body?.error?.message ?? 'no answer in JSON';
    const mayPass = status === 200 || status === 408 || status === 429 || status >= 500;
    throw new MetricsError(`Cloud Monitoring answered ${status} for ${metric}: ${said}`, { mayPass });
  }
  return body.timeSeries ?? [];
}

interface Answer {
  readonly timeSeries?: readonly Series[];
  readonly error?: { readonly message?: string };
}

/** The body is undefined when it is not JSON. */
async function get(url: URL, token: string, metric: string): Promise<{ status: number; body?: Answer }> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error);
    throw new MetricsError(`Cloud Monitoring did not answer for ${metric}: ${reason}`, { mayPass: true });
  }
  try {
    return { status, body: JSON.parse(text) as Answer };
  } catch {
    return { status };
  }
}

import autocannon from 'autocannon';

export interface LoadOptions {
  /** Base URL of the API. */
  readonly api: string;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
  /** For a private API. */
  readonly idToken?: string | undefined;
}

export interface Limits {
  /** 97.5 % of the answers must not take longer. Milliseconds. */
  readonly p975Ms: number;
  /** Accepted share of requests without a good answer, 0 to 1. */
  readonly failures: number;
}

export interface LoadResult {
  readonly requests: number;
  /** Requests without an answer, or with one that is not 2xx, such as 429. */
  readonly failed: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p975Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Enough connections that a slow answer does not lower the rate. */
const RATE_PER_CONNECTION = 10;

/** Requests pages at a steady rate. */
export async function load({ api, rate, seconds, idToken }: LoadOptions): Promise<LoadResult> {
  const result = await autocannon({
    url: new URL('/records?limit=100', api).href,
    connections: Math.max(1, Math.ceil(rate / RATE_PER_CONNECTION)),
    overallRate: rate,
    duration: seconds,
    ...(idToken ? { headers: { authorization: `Bearer ${idToken}` } } : {}),
  });
  const statuses = Object.fromEntries(
    Object.entries(result.statusCodeStats ?? {}).map(([status, { count }]) => [status, count ?? 0]),
  );
  const { p50, p97_5, p99, max } = result.latency;
  return {
    requests: result.requests.total + result.errors,
    failed: result.non2xx + result.errors,
    statuses,
    ...{ p50Ms: p50, p975Ms: p97_5, p99Ms: p99, maxMs: max },
  };
}

/** A sentence for each crossed limit. */
export function crossed(result: LoadResult, { p975Ms, failures }: Limits): string[] {
  const share = result.requests === 0 ? 1 : result.failed / result.requests;
  return [
    ...(result.requests === 0 ? ['no request was sent'] : []),
    ...(share > failures
      ? [`${result.failed} of ${result.requests} requests failed; the accepted share is ${failures}`]
      : []),
    ...(result.p975Ms > p975Ms ? [`p97.5 is ${result.p975Ms} ms, and the limit is ${p975Ms} ms`] : []),
  ];
}

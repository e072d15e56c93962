import { type Attributes, createNoopMeter, type Meter } from '@opentelemetry/api';

/** The counted caches. */
export type CacheName = 'blocks' | 'lookups' | 'filters';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** Why a request is refused before it reaches its route. */
export type RefusalReason = 'rate-limited' | 'too-many-wrong-keys' | 'wrong-key' | 'overloaded';

/** Why the connection of a client that has not read its answers is closed. */
export type CutReason = 'slow' | 'crowded';

/** Seconds: from a page in memory (under a millisecond) to the deadline of a warehouse call (8 s). */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BREAKER_STATES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The metrics of the service, with OpenTelemetry's names where they exist. Every label comes from a closed list, so series stay few.
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
export function createMetrics(meter: Meter) {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: DURATIONS } };
  const requests = meter.createHistogram('http.server.request.duration', {
    description: 'Requests, by route pattern and status.',
    ...seconds,
  });
  const refusals = meter.createCounter('records.requests.refused', {
    description: 'Requests refused before their route.',
  });
  const cuts = meter.createCounter('records.connections.cut', {
    description:
      'Connections closed because their clients read too slowly, or too many of one caller waited.',
  });
  const calls = meter.createHistogram('records.warehouse.call.duration', {
    description: 'HTTP calls to BigQuery.',
    ...seconds,
  });
  const billed = meter.createCounter('records.warehouse.billed', {
    description: 'Bytes billed by BigQuery.',
    unit: 'By',
  });
  const leftOut = meter.createCounter('records.list.left_out', {
    description: 'Records that a list leaves out, by reason. Each is counted once per instance.',
  });
  const asked = meter.createCounter('records.cache.requests', { description: 'Cache lookups.' });
  const requestAttributes = new Map<string, Attributes>();
  return {
    /** `route` is the pattern, never the URL. */
    requestEnded(route: string, status: number, duration: number): void {
      const key = `${status}${route}`;
      let attributes = requestAttributes.get(key);
      if (!attributes) {
        attributes = { 'http.route': route, 'http.response.status_code': status };
        requestAttributes.set(key, attributes);
      }
      requests.record(duration, attributes);
    },
    requestRefused: (reason: RefusalReason): void => refusals.add(1, { reason }),
    connectionCut: (reason: CutReason): void => cuts.add(1, { reason }),
    /** One HTTP call: BigQuery's method (`jobs.insert`), `ok` or the kind of the error, seconds. */
    warehouseCall: (method: string, outcome: string, duration: number): void =>
      calls.record(duration, { method, outcome }),
    recordLeftOut: (reason: string): void => leftOut.add(1, { reason }),
    /** `query` is the label `query` of the job: `snapshot`, `filter` or `records`. */
    bytesBilled: (query: string, bytes: number): void => billed.add(bytes, { query }),
    cacheAsked: (cache: CacheName, hit: boolean): void =>
      asked.add(1, { cache, result: hit ? 'hit' : 'miss' }),
    /** `read` returns seconds, 0 without traffic. It is called at each collection, as those below. */
    observeSnapshotAge(read: () => number): void {
      const description = 'Age of the list that was served last, since it was last verified.';
      meter
        .createObservableGauge('records.snapshot.age', { description, unit: 's' })
        .addCallback((result) => result.observe(read()));
    },
    /** `read` returns seconds, 0 without a list. */
    observeListPeriod(read: () => number): void {
      const description = 'How long a list is the newest: the window, stretched to keep the budget.';
      meter
        .createObservableGauge('records.list.period', { description, unit: 's' })
        .addCallback((result) => result.observe(read()));
    },
    observeBreaker(read: () => BreakerState): void {
      const description = 'The circuit breaker of BigQuery: 0 closed, 1 half open, 2 open.';
      meter
        .createObservableGauge('records.warehouse.breaker', { description })
        .addCallback((result) => result.observe(BREAKER_STATES[read()]));
    },
    /** Log lines that could not be written, since the start. */
    observeDroppedLines(read: () => number): void {
      const description = 'Log lines dropped because standard output took none.';
      meter
        .createObservableCounter('records.log.dropped', { description })
        .addCallback((result) => result.observe(read()));
    },
    observeLoad(read: () => { readonly inFlight: number; readonly eventLoopDelaySeconds: number }): void {
      const inFlight = meter.createObservableGauge('http.server.active_requests', {
        description: 'Requests in flight.',
      });
      const delay = meter.createObservableGauge('nodejs.eventloop.delay.p99', {
        description: 'Delay of the event loop, 99th percentile since the last collection.',
        unit: 's',
      });
      meter.addBatchObservableCallback(
        (result) => {
          const load = read();
          result.observe(inFlight, load.inFlight);
          result.observe(delay, load.eventLoopDelaySeconds);
        },
        [inFlight, delay],
      );
    },
  };
}

/** Collects nothing. */
export const noMetrics: Metrics = createMetrics(createNoopMeter());

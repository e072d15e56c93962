import type { Attributes, Meter } from '@opentelemetry/api';

/** The caches that are counted. */
export type CacheName = 'blocks' | 'lookups' | 'filters';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** Why a request was turned away before its route was asked. */
export type RefusalReason = 'rate-limited' | 'too-many-wrong-keys' | 'wrong-key' | 'overloaded';

/** What the warehouse tells. Every name comes from a closed list in the code, so that the series are few. */
export interface WarehouseMetrics {
  /** One HTTP call: BigQuery's method (`jobs.insert`), `ok` or the kind of the error, seconds. */
  warehouseCall(method: string, outcome: string, seconds: number): void;
  /** What a query was billed for, by the label `query` of its job (`snapshot`, `records`). */
  bytesBilled(query: string, bytes: number): void;
  /** Whether what was asked for was in memory. */
  cacheAsked(cache: CacheName, hit: boolean): void;
  /** Called at each collection. Seconds; 0 while nobody asks for a list. */
  observeSnapshotAge(read: () => number): void;
  observeBreaker(read: () => BreakerState): void;
}

export interface Metrics extends WarehouseMetrics {
  /** `route` is the pattern, never the URL. */
  requestEnded(route: string, status: number, seconds: number): void;
  requestRefused(reason: RefusalReason): void;
  observeLoad(read: () => { readonly inFlight: number; readonly eventLoopDelaySeconds: number }): void;
}

/** Seconds. From a page in memory (under a millisecond) to the deadline of the warehouse (8 s). */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BREAKER_STATES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/**
 * The metrics of the service as instruments of this meter. Names are those of OpenTelemetry where it has any.
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
export function createMetrics(meter: Meter): Metrics {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: DURATIONS } };
  const requests = meter.createHistogram('http.server.request.duration', {
    description: 'Requests, by the pattern of their route and their status.',
    ...seconds,
  });
  const refusals = meter.createCounter('records.requests.refused', {
    description: 'Requests turned away before their route was asked.',
  });
  const calls = meter.createHistogram('records.warehouse.call.duration', {
    description: 'HTTP calls to BigQuery.',
    ...seconds,
  });
  const billed = meter.createCounter('records.warehouse.billed', {
    description: 'Bytes that BigQuery billed.',
    unit: 'By',
  });
  const asked = meter.createCounter('records.cache.requests', { description: 'Looks into a cache.' });
  const requestAttributes = new Map<string, Attributes>();
  return {
    requestEnded(route, status, duration) {
      // Statuses and routes are few: these objects are made once.
      const key = `${status}${route}`;
      let attributes = requestAttributes.get(key);
      if (!attributes) {
        attributes = { 'http.route': route, 'http.response.status_code': status };
        requestAttributes.set(key, attributes);
      }
      requests.record(duration, attributes);
    },
    requestRefused: (reason) => refusals.add(1, { reason }),
    warehouseCall: (method, outcome, duration) => calls.record(duration, { method, outcome }),
    bytesBilled: (query, bytes) => billed.add(bytes, { query }),
    cacheAsked: (cache, hit) => asked.add(1, { cache, result: hit ? 'hit' : 'miss' }),
    observeSnapshotAge(read) {
      const description = 'How long ago the list that was answered last was known to be true.';
      meter
        .createObservableGauge('records.snapshot.age', { description, unit: 's' })
        .addCallback((result) => result.observe(read()));
    },
    observeBreaker(read) {
      const description = 'The circuit breaker before BigQuery: 0 closed, 1 half open, 2 open.';
      meter
        .createObservableGauge('records.warehouse.breaker', { description })
        .addCallback((result) => result.observe(BREAKER_STATES[read()]));
    },
    observeLoad(read) {
      const inFlight = meter.createObservableGauge('http.server.active_requests', {
        description: 'Requests being answered.',
      });
      const delay = meter.createObservableGauge('nodejs.eventloop.delay.p99', {
        description: 'How late the event loop was, the 99th percentile since the last look.',
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

/** Counts nothing, at no cost. */
export const noMetrics: Metrics = {
  requestEnded() {},
  requestRefused() {},
  warehouseCall() {},
  bytesBilled() {},
  cacheAsked() {},
  observeSnapshotAge() {},
  observeBreaker() {},
  observeLoad() {},
};

import { and, termsOf } from '../filter.ts';
import { LOG_METRICS } from '../log-metrics.ts';
import { LATENCY_MS } from '../objectives.ts';
import { METRICS, PROBES, type ROUTES, routeFilter, SERVER_ERRORS, SYSTEM, uptimeFilter } from '../system.ts';
import { Distribution } from './distribution.ts';
import type { Series, Value } from './series.ts';
import type { Moment } from './traces.ts';

const GIB = 1024 ** 3;

const boundsOf = (metric: string) =>
  LOG_METRICS.find(({ name }) => name === metric)?.distribution?.bounds ?? [];
const BOUNDS = boundsOf(SYSTEM.latencyMetric);
const LIST_BYTES_BOUNDS = boundsOf(SYSTEM.listBytesMetric);
const LIST_WINDOW_BOUNDS = boundsOf(SYSTEM.listWindowMetric);

/** Google checks from six regions. https://docs.cloud.google.com/monitoring/uptime-checks */
const REGIONS = ['usa-iowa', 'usa-oregon', 'usa-virginia', 'europe', 'south-america', 'asia-pacific'];

/** What Cloud Monitoring would have of these minutes. */
export function cloudSeries(moments: readonly Moment[]): Series[] {
  const series = (
    filter: string,
    measure: (moment: Moment, minute: number) => Value | undefined,
  ): Series => ({
    labels: Object.fromEntries(termsOf(filter).map(({ name, value }) => [name, value])),
    points: moments.map((moment, minute) => (moment.missing ? undefined : measure(moment, minute))),
  });
  const ofClass = (name: string) => and(METRICS.requests, `metric.labels.response_code_class="${name}"`);
  const withResult = (name: string) => and(METRICS.published, `metric.labels.response_code="${name}"`);
  // Of requests, a counter that did not move has no point.
  return [
    series(ofClass('2xx'), (moment) => good(moment) || undefined),
    series(ofClass('4xx'), ({ clientErrors }) => clientErrors || undefined),
    series(SERVER_ERRORS, ({ serverErrors }) => serverErrors || undefined),
    ...(['list', 'lookup'] as const).map((route) =>
      series(routeFilter(route), ({ requests, serverErrors, slow }) =>
        latencies(route, (requests - serverErrors) / 2, slow),
      ),
    ),
    series(METRICS.warehouseWarnings, ({ warehouseWarnings }) => warehouseWarnings),
    series(and(METRICS.listBytes, 'metric.labels.kind="base"'), ({ listGib }) =>
      listGib > 0 ? Distribution.of(LIST_BYTES_BOUNDS, [listGib * GIB]) : undefined,
    ),
    series(and(METRICS.listWindow, 'metric.labels.kind="base"'), ({ listGib, listWindow }) =>
      listGib > 0 ? Distribution.of(LIST_WINDOW_BOUNDS, [listWindow]) : undefined,
    ),
    series(METRICS.leftOut, ({ leftOut }) => leftOut || undefined),
    series(METRICS.probes, ({ probePasses }, minute) =>
      minute % PROBES.everyMinutes === 0 && probePasses ? 1 : undefined,
    ),
    series(METRICS.oldestMessage, ({ oldestMessage }) => oldestMessage),
    series(METRICS.deadLetters, ({ deadLetters }) => deadLetters),
    series(METRICS.written, ({ published, deadLetters }) => Math.max(0, published - deadLetters)),
    series(METRICS.oldestDeadLetter, ({ oldestDeadLetter }) => oldestDeadLetter),
    series(withResult('success'), ({ published }) => published),
    series(withResult('invalid_argument'), ({ refused }) => refused),
    series(METRICS.billed, ({ billedGib }) => billedGib * GIB),
    series(and(METRICS.instances, 'metric.labels.state="active"'), ({ instances }) => instances),
    ...REGIONS.flatMap((region, index) => {
      const seen = `metric.labels.checker_location="${region}"`;
      return [
        series(
          and(uptimeFilter('check_passed', SYSTEM.service), seen),
          ({ failingRegions }) => index >= failingRegions,
        ),
        series(
          and(uptimeFilter('time_until_ssl_cert_expires', SYSTEM.service), seen),
          ({ certificateDays }) => certificateDays,
        ),
      ];
    }),
  ];
}

/** Requests of a minute that are answered 2xx. */
export function good({ requests, clientErrors, serverErrors }: Moment): number {
  return Math.max(0, requests - clientErrors - serverErrors);
}

/**
 * A trace gives the fraction of answers that are too slow. The rest is assumed: each bucket below the limit holds this fraction of
 * what is left, and what is too slow lies in the bucket after the limit.
 */
const ASSUMED_SPREAD = { list: 0.9, lookup: 0.7 } as const;

function latencies(route: keyof typeof ROUTES, count: number, slow: number): Value | undefined {
  if (count <= 0) return undefined;
  const limit = BOUNDS.indexOf(LATENCY_MS[route] / 1000);
  let left = count * (1 - slow);
  const counts = [...BOUNDS, Number.POSITIVE_INFINITY].map((_, index) => {
    if (index > limit) return index === limit + 1 ? count * slow : 0;
    const here = index === limit ? left : left * ASSUMED_SPREAD[route];
    left -= here;
    return here;
  });
  return new Distribution(BOUNDS, counts);
}

import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_LIMITS,
  LOG_METRICS,
  OBJECTIVES,
  policiesFor,
  prometheusRules,
  ROUTES,
  SYSTEM,
  UNKEPT_REQUESTS,
} from '@records/monitoring';
import {
  evaluate,
  type LogEntry,
  type Series,
  select,
  selectorOf,
  seriesOfLines,
} from '@records/monitoring/evaluate';
import { startTelemetry } from '../src/telemetry/telemetry.ts';
import { buildTestApi } from './support/api.ts';
import { googleError } from './support/bigquery-front.ts';
import { openCloudRunFront } from './support/cloud-run-front.ts';
import { openTestTable } from './support/table.ts';

/** The metrics of the API in the Prometheus rules, with the labels that select them. */
function readByRules(): Map<string, Set<string>> {
  const read = new Map<string, Set<string>>();
  for (const { expr } of prometheusRules()) {
    for (const [, name = '', labels = ''] of expr.matchAll(/\b((?:http|records)_\w+)(?:\{([^}]*)\})?/g)) {
      const known = read.get(name) ?? new Set<string>();
      for (const [, label = ''] of labels.matchAll(/(\w+)(?:=|!)/g)) known.add(label);
      read.set(name, known);
    }
  }
  return read;
}

describe('the data that alerts read', () => {
  it('includes every metric of the Prometheus rules, with its labels and buckets', async () => {
    const { front } = await openTestTable();
    const said: string[] = [];
    const telemetry = await startTelemetry({
      service: 'records-api',
      revision: undefined,
      metricsPort: 0,
      otlpEndpoint: undefined,
      log: { info: (message) => said.push(message), error() {} },
    });
    const { app } = await buildTestApi({ bigQueryUrl: front.url, telemetry });
    await app.inject({ url: '/records/a' });
    await app.inject({ url: '/records' });
    const text = await (await fetch(String(said[0]?.replace('Metrics at ', '')))).text();
    const read = readByRules();
    expect([...read.keys()].sort()).toEqual([
      'http_server_request_duration_bucket',
      'http_server_request_duration_count',
      'records_snapshot_age',
      'records_warehouse_billed_total',
    ]);
    for (const [name, labels] of read) {
      const line = new RegExp(`^${name}[{ ].*$`, 'm').exec(text);
      expect({ name, found: line !== null }).toEqual({ name, found: true });
      for (const label of labels) expect(line?.[0]).toContain(`${label}="`);
    }
    for (const le of ['0.5', '2.5']) expect(text).toContain(`le="${le}"`);
    for (const route of Object.values(ROUTES)) expect(text).toContain(`http_route="${route}"`);
  });
});

/** What Cloud Logging makes of a line on the standard output of the API. */
function lineOf({ severity, httpRequest, ...jsonPayload }: Record<string, unknown>): LogEntry {
  return {
    logId: 'run.googleapis.com/stdout',
    severity: String(severity),
    resource: { type: 'cloud_run_revision', labels: { service_name: SYSTEM.service } },
    ...(httpRequest !== undefined && { httpRequest: httpRequest as Record<string, string | number> }),
    jsonPayload,
  };
}

/** The API at the log level of production, behind Cloud Run's front end. Each answer takes `seconds.of` by the clock of that. */
async function openBehindCloudRun() {
  const table = await openTestTable();
  await table.append([{ id: 'a', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' }]);
  const { app, lines } = await buildTestApi({ bigQueryUrl: table.front.url, logLevel: 'info' });
  const seconds = { of: 0.01 };
  let time = 0;
  const now = () => {
    time += seconds.of;
    return time;
  };
  const front = await openCloudRunFront(
    await app.listen({ host: '127.0.0.1', port: 0 }),
    SYSTEM.service,
    now,
  );
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(new URL(path, front.url), { headers });
    await response.arrayBuffer();
    return response;
  };
  const all = () => [...lines.map(lineOf), ...front.lines];
  return { get, seconds, lines, all, bigQuery: table.front };
}

const latencySeries = (lines: readonly LogEntry[]): Series[] =>
  LOG_METRICS.filter(({ name }) => name === SYSTEM.latencyMetric).flatMap((metric) =>
    seriesOfLines(metric, lines),
  );

/** How many answers each latency objective counts. */
function counted(lines: readonly LogEntry[]): Record<string, number> {
  const series = latencySeries(lines);
  return Object.fromEntries(
    OBJECTIVES.flatMap(({ id, cloud }) => {
      if (cloud.kind !== 'distribution') return [];
      const values = select(cloud.filter, series).flatMap(({ points }) => points);
      return [
        [id, values.reduce<number>((sum, value) => sum + (typeof value === 'object' ? value.count : 0), 0)],
      ];
    }),
  );
}

describe('at the log level of production', () => {
  it('every answer to either route counts for its latency objective: of the routes, of the front, refused, but no 5xx', async () => {
    const { get, lines, all, bigQuery } = await openBehindCloudRun();
    const first = await get('/records?limit=1');
    expect(first.status).toBe(200);
    for (let n = 0; n < 5; n++) expect((await get('/records?limit=1')).status).toBe(200);
    const etag = first.headers.get('etag') ?? '';
    expect((await get('/records?limit=1', { 'if-none-match': etag })).status).toBe(304);
    expect((await get('/records?nombre=Ana&apellido=P%C3%A9rez')).status).toBe(200);
    expect((await get('/records?limit=0')).status).toBe(400);
    for (let n = 0; n < 3; n++) expect((await get('/records/a')).status).toBe(200);
    expect((await get('/records/nobody')).status).toBe(404);
    for (const other of ['/countries', '/records.csv', '/health/ready', '/', '/records/a/b', '/recordsx'])
      await get(other);
    bigQuery.fault = () => googleError(403, 'accessDenied');
    expect((await get('/records/somebody')).status).toBe(500);

    expect(counted(all())).toEqual({ 'latency-list': 9, 'latency-lookup': 4 });
    const logged = lines.flatMap(({ httpRequest }) =>
      httpRequest ? [httpRequest as { status: number }] : [],
    );
    expect(logged.filter(({ status }) => status < 400)).toEqual([]);
  });

  it('slow answers with 200 fire the alert of their objective, and fast ones do not', async () => {
    const { get, seconds, all } = await openBehindCloudRun();
    const pages = async (count: number) => {
      for (let n = 0; n < count; n++) expect((await get('/records?limit=1')).status).toBe(200);
    };
    /** What fires after an hour of minutes like this one. */
    const firing = () => {
      const minutes = 60;
      const requests: Series = {
        labels: {
          'metric.type': 'run.googleapis.com/request_count',
          'resource.type': 'cloud_run_revision',
          'resource.labels.service_name': SYSTEM.service,
          'metric.labels.response_code_class': '2xx',
        },
        points: Array(minutes).fill(all().filter(({ logId }) => logId.endsWith('requests')).length),
      };
      const latencies = latencySeries(all()).map(({ labels, points }) => ({
        labels,
        points: Array(minutes).fill(points[0]),
      }));
      const policies = policiesFor(DEFAULT_LIMITS).filter(({ id }) =>
        id.startsWith('latency-list-burns-14.4x'),
      );
      return evaluate({ minutes, series: [requests, ...latencies], policies }).incidents.map(
        ({ policy }) => policy,
      );
    };
    await pages(10);
    expect(firing()).toEqual([]);
    seconds.of = 0.6;
    await pages(10);
    expect(firing()).toEqual(['latency-list-burns-14.4x']);
  });

  it("a warning that BigQuery fails, a list's bill and its window are counted from the lines of the API", async () => {
    const { get, all, bigQuery } = await openBehindCloudRun();
    await get('/records');
    bigQuery.fault = () => googleError(403, 'accessDenied');
    await get('/health/ready');
    const counts = LOG_METRICS.map((metric) => [metric.name, seriesOfLines(metric, all()).length > 0]);
    expect(Object.fromEntries(counts)).toMatchObject({
      [SYSTEM.warehouseMetric]: true,
      [SYSTEM.listBytesMetric]: true,
      [SYSTEM.listWindowMetric]: true,
      [SYSTEM.leftOutMetric]: false,
    });
  });

  it("no line that Google keeps names a person: not Cloud Run's, and not the API's", async () => {
    const { get, seconds, all, bigQuery } = await openBehindCloudRun();
    await get('/records?nombre=Ana');
    await get('/records?nombre=&nombre=Ana&limit=0');
    await get('/health/live', { referer: 'https://records.example.com/records?nombre=Ana' });
    await get('/records/a');
    seconds.of = 0.6;
    await get('/records/b');
    await get('/records?nombre=Ana');
    seconds.of = 0.01;
    bigQuery.fault = () => googleError(403, 'accessDenied');
    await get('/records?nombre=Ana&pais=Chile');
    await get('/countries?nombre=Ana');
    await get('/health/ready');
    const isUnkept = selectorOf(UNKEPT_REQUESTS.filter);
    const kept = all().filter((line) => !isUnkept(line));
    expect(JSON.stringify(all())).toContain('nombre=Ana');
    expect(JSON.stringify(kept)).not.toMatch(/Ana|Chile/);
    // Failed and slow requests are kept for diagnosis, unless they have a query.
    const requests = kept.filter(({ logId }) => logId.endsWith('requests'));
    expect(requests.map(({ httpRequest }) => [httpRequest?.requestUrl, httpRequest?.status])).toEqual([
      ['https://records-api.run.app/records/b', 404],
      ['https://records-api.run.app/health/ready', 503],
    ]);
  });
});

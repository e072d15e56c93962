import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import { noMetrics } from '../src/telemetry/metrics.ts';
import { noTelemetry } from '../src/telemetry/telemetry.ts';
import { Tracing } from '../src/telemetry/tracing.ts';
import { buildTestApi } from './support/api.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { openTestTable, type TestTable } from './support/table.ts';
import { ask } from './support/wire.ts';

const WINDOW_MS = 60_000;
const person = (id: string) => ({ id, nombre: 'Ana', apellido: 'Núñez', pais: 'Chile' });

/** Fastify publishes here every request that reaches a route. */
const CHANNEL = 'tracing:fastify.request.handler:start';
let routed = 0;
const count = () => void routed++;

beforeEach(() => {
  routed = 0;
  subscribe(CHANNEL, count);
});
afterEach(() => {
  unsubscribe(CHANNEL, count);
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether the request reached a route. */
  readonly routed: boolean;
}

interface Listening {
  readonly app: FastifyInstance;
  readonly table: TestTable;
  readonly timing: FakeTiming;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Got>;
}

async function listening(options: Partial<Parameters<typeof buildTestApi>[0]> = {}): Promise<Listening> {
  const table = await openTestTable();
  await table.append(Array.from({ length: 250 }, (_, n) => person(`p${String(n).padStart(3, '0')}`)));
  const timing = new FakeTiming();
  const { app } = await buildTestApi({
    bigQueryUrl: table.front.url,
    timing,
    logLevel: 'info',
    freshnessSeconds: WINDOW_MS / 1_000,
    now: () => 0,
    ...options,
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const get: Listening['get'] = async (path, headers, method) => {
    const before = routed;
    const { statusCode: status, headers: said, body } = await ask(url + path, headers, method);
    return { status, headers: said, body, routed: routed > before };
  };
  return { app, table, timing, get };
}

/** The parts that are equal in two answers to the same request. */
function lasting({ status, headers, body }: Got) {
  const { date, age, ratelimit, 'x-request-id': id, ...rest } = headers;
  return { status, headers: rest, varying: [date, age, ratelimit, id].map((value) => typeof value), body };
}

describe('a repeated request', () => {
  it.each([
    ['/records', {}],
    ['/records?limit=7&offset=3', { accept: 'text/csv' }],
    ['/records?limit=7', { accept: 'application/x-ndjson, */*;q=0.1' }],
    ['/records', { 'accept-encoding': 'br' }],
    ['/records?limit=1', { 'accept-encoding': 'gzip', accept: 'text/csv' }],
    ['/records?offset=999', {}],
    ['/records/p001', {}],
    ['/records', { accept: '' }],
    ['/records/p001', { accept: 'application/json', origin: 'https://example.com' }],
  ])('is answered before the routes, as the routes answer it: %s %p', async (path, headers) => {
    const { get } = await listening();
    const first = await get(path, headers);
    const second = await get(path, headers);
    expect([first.status, first.routed, second.routed]).toEqual([200, true, false]);
    expect(lasting(second)).toEqual(lasting(first));
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    const known = { ...headers, 'if-none-match': first.headers.etag ?? '' };
    const unchanged = await get(path, known);
    // The same path in other characters is a new request.
    const routes = await get(path.replace('/records', '/r%65cords'), known);
    expect([unchanged.status, unchanged.routed, routes.routed]).toEqual([304, false, true]);
    expect(lasting(unchanged)).toEqual(lasting(routes));
  });

  it.each(['/records', '/records/p001'])(
    'with a failed precondition is answered by the route: %s',
    async (path) => {
      const { get } = await listening();
      for (let n = 0; n < 2; n++) await get(path);
      const failed = await get(path, { 'if-match': '"another"' });
      expect([failed.status, failed.routed]).toEqual([412, true]);
      const old = await get(path, { 'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' });
      expect([old.status, old.routed]).toEqual([path === '/records' ? 412 : 200, true]);
    },
  );

  it('for a long record is always answered by the route', async () => {
    const { table, get } = await listening();
    await table.append([{ ...person('long'), apellido: 'x'.repeat(2_000) }]);
    for (let n = 0; n < 3; n++) {
      const { status, routed } = await get('/records/long');
      expect([status, routed]).toEqual([200, true]);
    }
  });

  it('in another format or encoding gets another answer', async () => {
    const { get } = await listening();
    const forms = [{}, { accept: 'text/csv' }, { 'accept-encoding': 'br' }];
    const said = [];
    for (let n = 0; n < 2; n++) {
      for (const form of forms) {
        const { headers, routed } = await get('/records', form);
        said.push([headers['content-type'], headers['content-encoding'], routed]);
      }
    }
    const json = 'application/json; charset=utf-8';
    const csv = 'text/csv; charset=utf-8; header=present';
    expect(said).toEqual(
      [true, false].flatMap((routed) => [
        [json, undefined, routed],
        [csv, undefined, routed],
        [json, 'br', routed],
      ]),
    );
  });

  it('gets the new list when the window ends, and an increasing age until then', async () => {
    const { table, timing, get } = await listening();
    await get('/records?limit=1000');
    await table.append([person('q')]);
    timing.advance(WINDOW_MS - 1_000);
    const last = await get('/records?limit=1000');
    expect([last.headers['x-total-count'], last.headers.age, last.routed]).toEqual(['250', '59', false]);
    timing.advance(2 * WINDOW_MS);
    const next = await get('/records?limit=1000');
    expect([next.headers['x-total-count'], next.headers.age, next.routed]).toEqual(['251', '0', true]);
    const again = await get('/records?limit=1000');
    expect([again.headers['x-total-count'], again.routed]).toEqual(['251', false]);
    expect(again.body).toBe(next.body);
  });

  it('counts against the rate limit and is refused by the routes', async () => {
    const { get } = await listening({ variables: { ANONYMOUS_REQUESTS_PER_MINUTE: '3' } });
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push(await get('/records'));
    expect(answers.map(({ status, routed, headers }) => [status, routed, headers.ratelimit])).toEqual([
      [200, true, '"anonymous";r=2;t=20'],
      [200, false, '"anonymous";r=1;t=40'],
      [200, false, '"anonymous";r=0;t=60'],
      [429, false, '"anonymous";r=0;t=60'],
      [429, false, '"anonymous";r=0;t=60'],
    ]);
    expect(answers[3]?.headers['retry-after']).toBe('20');
  });

  it('is measured like any other', async () => {
    const measured: unknown[] = [];
    const metrics = {
      ...noMetrics,
      requestEnded: (route: string, status: number, seconds: number) =>
        void measured.push([route, status, seconds >= 0 && seconds < 10]),
    };
    const { get } = await listening({ telemetry: { ...noTelemetry, metrics } });
    for (let n = 0; n < 2; n++) await get('/records/p001');
    expect(measured).toEqual(Array(2).fill(['/records/:id', 200, true]));
  });

  it('is answered by the routes with Connection: close while the API stops', async () => {
    const { app, get } = await listening({ drainMs: 1_000 });
    await get('/records');
    const closed = app.close();
    const last = await get('/records');
    expect([last.status, last.headers.connection, last.routed]).toEqual([200, 'close', true]);
    await closed;
  });
});

describe('the routes', () => {
  it.each<[string, string, Record<string, string>, string, number]>([
    ['a filter', '/records?pais=Chile', {}, 'GET', 200],
    ['a HEAD', '/records', {}, 'HEAD', 200],
    ['a wrong key', '/records', { 'x-api-key': 'nobodys' }, 'GET', 401],
    ['a body', '/records', { 'content-length': '1', connection: 'close' }, 'GET', 400],
    ['an unknown id', '/records/nobody', {}, 'GET', 404],
  ])('answer %s every time', async (_what, path, headers, method, status) => {
    const { get } = await listening();
    await get('/records');
    await get(path, headers, method);
    expect(await get(path, headers, method)).toMatchObject({
      status,
      routed: status === 200 || status === 404,
    });
  });

  it('answer a request of a sampled trace, which needs a span', async () => {
    let loads = 0;
    const tracing = new Tracing(async () => {
      loads += 1;
      return trace.getTracer('test');
    });
    const { get } = await listening({ telemetry: { ...noTelemetry, tracing } });
    const of = (flags: string) => ({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}` });
    const answers = [];
    for (const flags of ['00', '00', '01', '01']) {
      const { routed } = await get('/records', of(flags));
      answers.push([routed, loads]);
    }
    // The exporter is loaded with the first of them.
    expect(answers).toEqual([
      [true, 0],
      [false, 0],
      [true, 1],
      [true, 1],
    ]);
  });

  it('answer everything when each request is logged', async () => {
    const { get } = await listening({ logLevel: 'debug' });
    await get('/records');
    expect((await get('/records')).routed).toBe(true);
  });

  it('answer requests whose answer is no longer in memory', async () => {
    const { timing, get } = await listening();
    for (const path of ['/records/p001', '/records']) await get(path);
    timing.advance(WINDOW_MS);
    for (const path of ['/records/p001', '/records']) expect((await get(path)).routed).toBe(true);
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { InFlightLimit } from '../src/limits/in-flight-limit.ts';
import { RateLimiter } from '../src/limits/rate-limiter.ts';
import { noMetrics } from '../src/telemetry/metrics.ts';
import { noTelemetry } from '../src/telemetry/telemetry.ts';
import { buildTestApi, type TestApiOptions } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { expectProblem } from './support/problem.ts';
import { oneRow } from './support/replies.ts';
import { ask } from './support/wire.ts';

let front: BigQueryFront;
let now = 0;

beforeAll(async () => {
  front = await BigQueryFront.listen();
  front.fault = () => oneRow;
});

async function limitedApi(variables: Record<string, string>) {
  const { app } = await buildTestApi({
    bigQueryUrl: front.url,
    now: () => now,
    variables: { ANONYMOUS_REQUESTS_PER_MINUTE: '3', ...variables },
  });
  return (forwarded?: string, url = '/records/a', remoteAddress = '192.0.2.1') =>
    app.inject({ url, remoteAddress, headers: forwarded ? { 'x-forwarded-for': forwarded } : {} });
}

describe('the rate limit', () => {
  it('reports the remaining quota, refuses the excess with the time to wait, and refills evenly', async () => {
    const get = await limitedApi({});
    const said = [];
    for (let count = 0; count < 3; count++) said.push((await get()).headers.ratelimit);
    expect(said).toEqual(['"anonymous";r=2;t=20', '"anonymous";r=1;t=40', '"anonymous";r=0;t=60']);
    const refused = await get();
    expectProblem(refused, 'rate-limited');
    expect(refused.headers).toMatchObject({
      'retry-after': '20',
      'ratelimit-policy': '"anonymous";q=3;w=60',
      ratelimit: '"anonymous";r=0;t=60',
    });
    now += 20_000;
    expect([(await get()).statusCode, (await get()).statusCode]).toEqual([200, 429]);
    expect((await get(undefined, '/health/live')).statusCode).toBe(200);
    expect((await get(undefined, '/records/a', '192.0.2.2')).statusCode).toBe(200);
  });

  it.each([
    ['0', (forged: number) => `10.0.0.${forged}`],
    ['1', (forged: number) => `10.0.0.${forged}, 203.0.113.7`],
    ['2', (forged: number) => `10.0.0.${forged},203.0.113.7, 198.51.100.${forged}`],
  ])('behind %s proxies is not escaped by a forged X-Forwarded-For', async (proxies, header) => {
    const get = await limitedApi({ TRUSTED_PROXIES: proxies });
    const statuses = [];
    for (let forged = 1; forged <= 4; forged++) statuses.push((await get(header(forged))).statusCode);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('behind Cloud Run counts each IPv4 address and each IPv6 /64 as one caller', async () => {
    const get = await limitedApi({ TRUSTED_PROXIES: '1' });
    const remaining = async (address: string) => (await get(address)).headers.ratelimit;
    expect(await remaining('203.0.113.7')).toContain('r=2');
    expect(await remaining('203.0.113.8')).toContain('r=2');
    expect(await remaining('2001:db8::1')).toContain('r=2');
    expect(await remaining('2001:db8:0:0:ffff::2')).toContain('r=1');
    expect(await remaining('2001:db8:0:1::1')).toContain('r=2');
  });

  it.each([
    ['the port of an IPv4 address', ['203.0.113.7', '203.0.113.7:501', ' 203.0.113.7:502 ']],
    [
      'the port of an IPv6 address',
      ['[2001:db8::1]:80', '[2001:db8::1]', '2001:DB8:0:0::1', '[2001:db8::9]:81'],
    ],
    [
      'an IPv4 address that IPv6 maps',
      ['203.0.113.7', '::ffff:203.0.113.7', '::FFFF:cb00:7107', '[::ffff:203.0.113.7]:9'],
    ],
    ['a zone', ['fe80::1%eth0', 'fe80::1%eth1', 'fe80::2']],
  ])('counts %s as the same caller', async (_what, forms) => {
    const get = await limitedApi({ TRUSTED_PROXIES: '1', ANONYMOUS_REQUESTS_PER_MINUTE: '9' });
    const left = [];
    for (const form of forms) left.push((await get(form)).headers.ratelimit);
    expect(left).toEqual(forms.map((_, index) => expect.stringContaining(`r=${8 - index};`)));
  });

  it('remembers a bounded number of callers', () => {
    const limiter = new RateLimiter(() => 0, 100);
    const policy = { name: 'test', quota: 3, windowSeconds: 60 };
    for (let caller = 0; caller < 1_000; caller++) limiter.take(String(caller), policy);
    expect(limiter.size).toBe(100);
  });
});

describe('load shedding', () => {
  it('halves the limit each time the event loop is late, down to 1, and grows slowly otherwise', () => {
    const limit = new InFlightLimit(80);
    const after = (late: boolean, looks: number) =>
      Array.from({ length: looks }, () => {
        limit.look(late);
        return limit.now;
      });
    expect(after(false, 1)).toEqual([80]);
    expect(after(true, 8)).toEqual([40, 20, 10, 5, 2, 1, 1, 1]);
    expect(after(false, 11)).toEqual([9, 17, 25, 33, 41, 49, 57, 65, 73, 80, 80]);
  });

  it('refuses requests above the limit at once, except health checks, and recovers', async () => {
    const { slow, answer, get } = await oneInFlight();
    const first = get('/records/a');
    await slow.called(1);
    const refused = await get('/records/b');
    expectProblem(refused, 'overloaded');
    expect(refused.headers['retry-after']).toBe('1');
    for (let n = 0; n < 3; n++) expect((await get('/health/live')).statusCode).toBe(200);
    const again = await get('/records/b');
    expectProblem(again, 'overloaded');
    expect(again.headers['x-request-id']).not.toBe(refused.headers['x-request-id']);
    answer.resolve(oneRow);
    expect((await first).statusCode).toBe(200);
    expect((await get('/records/a')).statusCode).toBe(200);
  });

  it('refuses with Connection: close while the API stops', async () => {
    const { app, slow, answer, get } = await oneInFlight({ drainMs: 200 });
    const first = get('/records/a');
    await slow.called(1);
    const keeping = { connection: 'keep-alive' };
    expect((await get('/records/b', keeping)).headers.connection).toBe('keep-alive');
    const closed = app.close();
    const refused = await get('/records/b', keeping);
    expectProblem(refused, 'overloaded');
    expect(refused.headers.connection).toBe('close');
    answer.resolve(oneRow);
    expect((await first).statusCode).toBe(200);
    await closed;
  });

  it('releases each request once, however it was answered', async () => {
    const { slow, answer, get } = await oneInFlight();
    for (let n = 0; n < 5; n++) {
      const preflight = { origin: 'https://example.com', 'access-control-request-method': 'GET' };
      expect((await get('/records', preflight, 'OPTIONS')).statusCode).toBe(204);
      expect((await get('/records', { 'x-api-key': 'nobodys' })).statusCode).toBe(401);
      expect((await get('/nothing')).statusCode).toBe(404);
    }
    const first = get('/records/a');
    await slow.called(1);
    // Another caller, whose own places are free.
    const other = { 'x-forwarded-for': '203.0.113.9' };
    for (let n = 0; n < 5; n++) expectProblem(await get('/records/b', other), 'overloaded');
    answer.resolve(oneRow);
    expect((await first).statusCode).toBe(200);
  });

  it('counts a refusal by its reason and as a response', async () => {
    const counted: unknown[] = [];
    const metrics = {
      ...noMetrics,
      requestRefused: (reason: string) => void counted.push(reason),
      requestEnded: (route: string, status: number) => void counted.push([route, status]),
    };
    const { slow, answer, get } = await oneInFlight({ telemetry: { ...noTelemetry, metrics } });
    const first = get('/records/a');
    await slow.called(1);
    await get('/records/b');
    expect(counted).toEqual(['overloaded', ['(no route)', 503]]);
    answer.resolve(oneRow);
    await first;
  });
});

/** An API with one slot, whose requests wait for `answer`. Over the wire, because the front refuses before Fastify. */
async function oneInFlight(options: Partial<TestApiOptions> = {}) {
  const answer = Promise.withResolvers<typeof oneRow>();
  const slow = await BigQueryFront.listen();
  slow.fault = () => answer.promise;
  const variables = { MAX_REQUESTS_IN_FLIGHT: '1', TRUSTED_PROXIES: '1' };
  const { app } = await buildTestApi({ bigQueryUrl: slow.url, variables, ...options });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const get = (path: string, headers?: Record<string, string>, method?: string) =>
    ask(url + path, headers, method);
  return { app, url, slow, answer, get };
}

describe('a page of another origin', () => {
  it.each([
    'content-type',
    'authorization',
    'traceparent',
    'cache-control',
    'x-requested-with',
    'x-api-key, if-none-match',
    'x-whatever-a-library-adds',
  ])('may send %s: the preflight allows it', async (asked) => {
    const { app } = await buildTestApi({ bigQueryUrl: front.url });
    const { statusCode, headers } = await app.inject({
      method: 'OPTIONS',
      url: '/records?limit=1',
      headers: {
        origin: 'https://example.com',
        'access-control-request-method': 'GET',
        'access-control-request-headers': asked,
      },
    });
    const allowed = String(headers['access-control-allow-headers']).toLowerCase().split(', ');
    expect(statusCode).toBe(204);
    // `*` allows every header but Authorization. https://fetch.spec.whatwg.org/#cors-preflight-fetch
    for (const name of asked.split(', '))
      expect(allowed).toContain(name === 'authorization' || !allowed.includes('*') ? name : '*');
  });

  it('may read every response and its headers, and caches the preflight for two hours', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: front.url });
    for (const url of ['/records/a', '/records/a?x=1', '/nothing', '/records/%zz']) {
      const { headers } = await app.inject({ url, headers: { origin: 'https://example.com' } });
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-expose-headers']).toContain('RateLimit, RateLimit-Policy, Retry-After');
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
    const preflight = await app.inject({
      method: 'OPTIONS',
      url: '/records',
      headers: { origin: 'https://example.com', 'access-control-request-method': 'GET' },
    });
    expect([preflight.statusCode, preflight.body]).toEqual([204, '']);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-max-age': '7200',
      'access-control-allow-headers': expect.stringMatching(/^\*, .*Authorization/),
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((await app.inject({ method: 'OPTIONS', url: '/records' })).statusCode).toBe(405);
  });
});

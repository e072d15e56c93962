import { beforeAll, describe, expect, it } from '@jest/globals';
import { InFlightLimit } from '../src/limits/in-flight-limit.ts';
import { RateLimiter } from '../src/limits/rate-limiter.ts';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { expectProblem } from './support/problem.ts';
import { oneRow } from './support/replies.ts';

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
  it('says what is left, refuses what is above with the time to wait, and fills up evenly', async () => {
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

  it('behind Cloud Run tells callers apart, and takes a /64 of IPv6 for one', async () => {
    const get = await limitedApi({ TRUSTED_PROXIES: '1' });
    const remaining = async (address: string) => (await get(address)).headers.ratelimit;
    expect(await remaining('203.0.113.7')).toContain('r=2');
    expect(await remaining('203.0.113.8')).toContain('r=2');
    expect(await remaining('2001:db8::1')).toContain('r=2');
    expect(await remaining('2001:db8:0:0:ffff::2')).toContain('r=1');
    expect(await remaining('2001:db8:0:1::1')).toContain('r=2');
  });

  it('remembers a bounded number of callers', () => {
    const limiter = new RateLimiter({ name: 'test', quota: 3, windowSeconds: 60 }, () => 0, 100);
    for (let caller = 0; caller < 1_000; caller++) limiter.take(String(caller));
    expect(limiter.size).toBe(100);
  });
});

describe('load shedding', () => {
  it('lets in half as many each time the event loop is late, never none, and slowly more again', () => {
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

  it('refuses at once what is above the requests in flight, but no probe, and recovers', async () => {
    const answer = Promise.withResolvers<typeof oneRow>();
    const slow = await BigQueryFront.listen();
    slow.fault = () => answer.promise;
    const { app } = await buildTestApi({ bigQueryUrl: slow.url, variables: { MAX_REQUESTS_IN_FLIGHT: '1' } });
    const first = app.inject({ url: '/records/a' });
    await slow.called(1);
    const refused = await app.inject({ url: '/records/b' });
    expectProblem(refused, 'overloaded');
    expect(refused.headers['retry-after']).toBe('1');
    expect((await app.inject({ url: '/health/live' })).statusCode).toBe(200);
    answer.resolve(oneRow);
    expect((await first).statusCode).toBe(200);
    expect((await app.inject({ url: '/records/a' })).statusCode).toBe(200);
  });
});

describe('load shedding after what is answered before it', () => {
  it('still refuses: preflights, wrong keys and refusals are not counted back', async () => {
    const answer = Promise.withResolvers<typeof oneRow>();
    const slow = await BigQueryFront.listen();
    slow.fault = () => answer.promise;
    const { app } = await buildTestApi({
      bigQueryUrl: slow.url,
      variables: { MAX_REQUESTS_IN_FLIGHT: '1', ANONYMOUS_REQUESTS_PER_MINUTE: '3' },
      now: () => 0,
    });
    const preflight = { origin: 'https://example.com', 'access-control-request-method': 'GET' };
    for (let n = 0; n < 5; n++) {
      expect((await app.inject({ method: 'OPTIONS', url: '/records', headers: preflight })).statusCode).toBe(
        204,
      );
      const wrong = await app.inject({ url: '/records', headers: { 'x-api-key': 'nobodys' } });
      expect(wrong.statusCode).toBe(401);
    }
    const first = app.inject({ url: '/records/a' });
    await slow.called(1);
    expectProblem(await app.inject({ url: '/records/b' }), 'overloaded');
    expectProblem(await app.inject({ url: '/records/b' }), 'overloaded');
    for (let n = 0; n < 5; n++) expectProblem(await app.inject({ url: '/records/b' }), 'rate-limited');
    answer.resolve(oneRow);
    expect((await first).statusCode).toBe(200);
  });
});

describe('a page of another origin', () => {
  it('may read every answer and its headers, without asking more often than every two hours', async () => {
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
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((await app.inject({ method: 'OPTIONS', url: '/records' })).statusCode).toBe(405);
  });
});

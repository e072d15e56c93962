import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildTestApi, type TestApi } from './support/api.ts';
import { BigQueryFront, type Fault, googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { oneRow, oneRowReply } from './support/replies.ts';

const policy = { attempts: 3, firstDelayMs: 200, deadlineMs: 8_000 };

let front: BigQueryFront;
let timing: FakeTiming;
let api: TestApi;

beforeAll(async () => {
  front = await BigQueryFront.listen();
});

beforeEach(async () => {
  front.reset();
  timing = new FakeTiming();
  api = await buildTestApi({ bigQueryUrl: front.url, timing, policy });
});

describe('a warehouse that', () => {
  it('hangs at each step does not delay an answer beyond its deadline', async () => {
    const hanging = await BigQueryFront.listen();
    hanging.fault = () => 'hang';
    const { app } = await buildTestApi({ bigQueryUrl: hanging.url, timing, policy, answerMs: 50 });
    for (const url of ['/records', '/records/a', '/countries']) {
      const { detail } = expectProblem(await app.inject({ url }), 'warehouse-timeout');
      expect(detail).toContain('in time');
    }
    hanging.reset();
    hanging.fault = () => googleError(403, 'accessDenied');
  });

  it.each<[string, Fault]>([
    ['resets the connection', 'reset'],
    ['answers 500', googleError(500, 'backendError')],
    ['answers 503', googleError(503, 'backendError')],
    ['answers 502 with the page of a proxy', { status: 502, body: '<h1>secret</h1>', type: 'text/html' }],
    ['answers 200 with something that is not JSON', { status: 200, body: '{"secret":' }],
    ['answers 200 without anything', { status: 200, body: '{"secret":true}' }],
    ['answers 200 without a schema', { status: 200, body: '{"jobComplete":true}' }],
    [
      'answers 200 with rows that are none',
      { status: 200, body: JSON.stringify({ ...oneRowReply, rows: ['secret'] }) },
    ],
  ])(
    '%s is called three times with random exponential backoff, then gives 503 with Retry-After',
    async (_what, fault) => {
      for (const { url, call } of [
        {
          url: '/records',
          call: 'GET /bigquery/v2/projects/records-test/datasets/records/tables/records',
        },
        { url: '/records/a', call: 'POST /bigquery/v2/projects/records-test/queries' },
      ]) {
        front.reset();
        api = await buildTestApi({ bigQueryUrl: front.url, timing, policy });
        front.fault = () => fault;
        const response = await api.app.inject({ url });
        const { detail } = expectProblem(response, 'warehouse-unavailable');
        expect(detail).toBe(
          'The records cannot be read at the moment. Retry after the seconds in Retry-After.',
        );
        expect(response.headers['retry-after']).toBe('5');
        expect(front.calls).toEqual(Array(3).fill(call));
        expect(timing.waits.slice(-2)).toEqual([100, 200]);
        expect(response.body).not.toContain('secret');
      }
    },
  );

  it.each(['rateLimitExceeded', 'jobRateLimitExceeded'])(
    'is over its rate limit (%s) is retried, then gives 503',
    async (reason) => {
      front.fault = () => googleError(403, reason);
      const response = await api.app.inject({ url: '/records' });
      expectProblem(response, 'warehouse-busy');
      expect(response.headers['retry-after']).toBe('30');
      expect(front.calls).toHaveLength(3);
    },
  );

  it('answers 429 is retried, then gives 503', async () => {
    front.fault = () => ({ status: 429, body: 'slow down', type: 'text/plain' });
    expectProblem(await api.app.inject({ url: '/records' }), 'warehouse-busy');
    expect(front.calls).toHaveLength(3);
  });

  it('is over its quota is not retried', async () => {
    front.fault = () => googleError(403, 'quotaExceeded');
    expectProblem(await api.app.inject({ url: '/records' }), 'warehouse-busy');
    expect(front.calls).toHaveLength(1);
  });

  it.each<[string, Fault]>([
    ['has no such table', googleError(404, 'notFound')],
    ['denies access', googleError(403, 'accessDenied')],
    ['does not know the credentials', googleError(401, 'authError')],
    ['finds the statement wrong', googleError(400, 'invalidQuery')],
  ])('%s is not retried and gives an internal error without details', async (_what, fault) => {
    front.fault = () => fault;
    for (const url of ['/records', '/records/a']) {
      front.calls.length = 0;
      const response = await api.app.inject({ url });
      expect(expectProblem(response, 'internal-error').detail).toBe(
        'The service failed. The error is in its log.',
      );
      expect(response.body).not.toContain('secret');
      expect(front.calls).toHaveLength(1);
    }
  });

  it('recovers within a request gives a normal answer', async () => {
    front.fault = (call) => (call < 3 ? 'reset' : oneRow);
    const response = await api.app.inject({ url: '/records/a' });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ id: 'a', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
  });

  it('does not answer gives 504 at the deadline of the request and not before', async () => {
    front.fault = () => 'hang';
    let answered = false;
    const response = Promise.resolve(api.app.inject({ url: '/records/a' })).finally(() => {
      answered = true;
    });
    await front.called(1);
    // The batch waited 3 ms for other ids.
    timing.advance(7_996);
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    timing.advance(1);
    expectProblem(await response, 'warehouse-timeout');
    expect((await response).headers['retry-after']).toBe('5');
    expect(front.calls).toHaveLength(1);
  });

  it('does not finish the query in time gives 504, without a retry', async () => {
    front.fault = () => ({
      status: 200,
      body: JSON.stringify({
        jobComplete: false,
        jobReference: { projectId: 'p', jobId: 'j', location: 'l' },
      }),
    });
    expectProblem(await api.app.inject({ url: '/records/a' }), 'warehouse-timeout');
    expect(front.calls).toHaveLength(1);
  });

  it('is not retried when the wait would exceed the deadline', async () => {
    // The clock is fake, but a connection has as long as the deadline in real time.
    const long = { ...policy, firstDelayMs: 8_000, deadlineMs: 10_000 };
    api = await buildTestApi({ bigQueryUrl: front.url, timing, policy: long });
    front.fault = () => 'reset';
    expectProblem(await api.app.inject({ url: '/records' }), 'warehouse-unavailable');
    expect(front.calls).toHaveLength(2);
  });

  it('is down does not affect the rest of the API', async () => {
    front.fault = () => 'reset';
    for (const url of ['/health/live', '/openapi.json', '/docs', '/problems']) {
      expect((await api.app.inject({ url })).statusCode).toBe(200);
    }
    expectProblem(await api.app.inject({ url: '/records?limit=0' }), 'invalid-parameters');
    expect(front.calls).toEqual([]);
  });
});

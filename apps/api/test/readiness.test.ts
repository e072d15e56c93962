import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Readiness } from '../src/readiness.ts';
import { WarehouseError } from '../src/warehouse/errors.ts';
import { buildTestApi, type TestApi } from './support/api.ts';
import { BigQueryFront, type Fault, googleError } from './support/bigquery-front.ts';
import { expectProblem } from './support/problem.ts';

const log = pino({ level: 'silent' });

describe('readiness', () => {
  it('checks the warehouse once for concurrent probes, and again after ten seconds', async () => {
    let now = 0;
    const answers: (() => void)[] = [];
    const check = () => new Promise<void>((resolve) => answers.push(resolve));
    const readiness = new Readiness({ warehouse: { check }, log, now: () => now });

    const probes = [readiness.isReady(), readiness.isReady()];
    now = 60_000;
    probes.push(readiness.isReady());
    expect(answers).toHaveLength(1);
    answers[0]?.();
    expect(await Promise.all(probes)).toEqual([true, true, true]);

    now += 9_999;
    expect(await readiness.isReady()).toBe(true);
    expect(answers).toHaveLength(1);
    now += 1;
    readiness.isReady();
    expect(answers).toHaveLength(2);
  });

  it('checks again a second after a failure, so that an instance recovers soon', async () => {
    let now = 0;
    let calls = 0;
    const check = async () => {
      calls++;
      if (calls === 1) throw new WarehouseError('refused', 'notFound', 'no table');
    };
    const readiness = new Readiness({ warehouse: { check }, log, now: () => now });
    expect(await readiness.isReady()).toBe(false);
    now = 999;
    expect(await readiness.isReady()).toBe(false);
    now = 1_000;
    expect(await readiness.isReady()).toBe(true);
    expect(calls).toBe(2);
  });

  it('ends when the instance stops, also for a probe that waits for the warehouse', async () => {
    let answer = () => {};
    const check = () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      });
    const readiness = new Readiness({ warehouse: { check }, log, now: () => 0 });
    const probe = readiness.isReady();
    readiness.stop();
    answer();
    expect(await probe).toBe(false);
    expect(await readiness.isReady()).toBe(false);
  });
});

describe('GET /health/ready', () => {
  let front: BigQueryFront;
  let api: TestApi;

  beforeAll(async () => {
    front = await BigQueryFront.listen();
  });

  beforeEach(async () => {
    front.reset();
    api = await buildTestApi({ bigQueryUrl: front.url });
  });

  it.each<[string, Fault]>([
    ['notFound', googleError(404, 'notFound', 'Not found: Table records-test:records.records')],
    ['accessDenied', googleError(403, 'accessDenied', 'bigquery.jobs.create')],
    ['invalidQuery', googleError(400, 'invalidQuery', 'Unrecognized name: apellido')],
    ['ECONNRESET', 'reset'],
  ])(
    'is 503 while BigQuery fails with %s, with the reason in the log and not in the response',
    async (reason, fault) => {
      front.fault = () => fault;
      const response = await api.app.inject({ url: '/health/ready' });
      expectProblem(response, 'not-ready');
      expect(response.headers['retry-after']).toBe('1');
      expect(response.body).not.toMatch(/Table|jobs\.create|apellido|BigQuery/);
      expect(api.lines.filter(({ severity }) => severity === 'WARNING')).toMatchObject([
        { reason, message: expect.stringContaining(reason) },
      ]);
      expect(front.calls).toEqual(['POST /bigquery/v2/projects/records-test/queries']);
    },
  );

  it('does not affect liveness', async () => {
    front.fault = () => 'reset';
    await api.app.inject({ url: '/health/ready' });
    expect((await api.app.inject({ url: '/health/live' })).json()).toEqual({ status: 'alive' });
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { Calls } from '../src/warehouse/calls/calls.ts';
import { buildTestApi, type TestApi } from './support/api.ts';
import { BigQueryFront, googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { oneRow } from './support/replies.ts';

const policy = { attempts: 3, firstDelayMs: 200, deadlineMs: 8_000 };

let front: BigQueryFront;
let timing: FakeTiming;
let api: TestApi;

beforeEach(async () => {
  front = await BigQueryFront.listen();
  timing = new FakeTiming();
  api = await buildTestApi({ bigQueryUrl: front.url, timing, policy });
});

const get = (url: string): Promise<LightMyRequestResponse> => api.app.inject({ url });

describe('a warehouse that fails again and again', () => {
  it('is not called any more: requests fail at once, with the time of the next attempt', async () => {
    front.fault = () => 'reset';
    for (const id of ['a', 'b', 'c', 'd']) {
      expectProblem(await get(`/records/${id}`), 'warehouse-unavailable');
    }
    expect(front.calls).toHaveLength(5);
    for (const url of ['/records/e', '/records']) {
      const refused = await get(url);
      expectProblem(refused, 'warehouse-unavailable');
      expect(refused.headers['retry-after']).toBe('1');
    }
    expect((await get('/health/ready')).statusCode).toBe(503);
    expect(front.calls).toHaveLength(5);
  });

  it('gets one trial call after a pause, which doubles up to five seconds, and all calls once a trial succeeds', async () => {
    front.fault = () => 'reset';
    for (const id of ['a', 'b']) await get(`/records/${id}`);
    expect(front.calls).toHaveLength(5);
    for (const [tried, pauseMs] of [750, 1_500, 3_000, 3_750, 3_750].entries()) {
      timing.advance(pauseMs - 50);
      expectProblem(await get('/records/b'), 'warehouse-unavailable');
      expect(front.calls).toHaveLength(5 + tried);
      timing.advance(50);
      await Promise.all([get('/records/c'), get('/records')]);
      expect(front.calls).toHaveLength(6 + tried);
    }
    timing.advance(3_750);
    front.fault = () => oneRow;
    expect((await get('/records/a')).statusCode).toBe(200);
    expect((await get('/records/b')).statusCode).toBe(404);
    expect(api.lines.map(({ message }) => message)).toContain('circuit closed: the warehouse answers again');
  });

  it.each([
    [403, 'accessDenied'],
    [404, 'notFound'],
    [403, 'quotaExceeded'],
    [403, 'usageQuotaExceeded'],
  ])('that refuses (%d %s) is called as before, and the log holds the reason', async (status, reason) => {
    front.fault = () => googleError(status, reason);
    for (let n = 0; n < 12; n++) await get(`/records/r${n}`);
    expect(front.calls).toHaveLength(12);
    expect(api.lines.filter(({ severity }) => severity === 'ERROR').at(-1)).toMatchObject({ reason });
  });
});

it('retries at most a tenth of the calls, plus ten saved ones', async () => {
  // Never five of ten, so that the circuit stays closed.
  front.fault = (call) => (call % 3 === 1 ? 'reset' : oneRow);
  for (let n = 0; n < 90; n++) {
    await get(`/records/r${n}`);
    // Restores the query budget.
    timing.advance(5_000);
  }
  expect(front.calls.length).toBeGreaterThan(90 + 10);
  expect(front.calls.length).toBeLessThanOrEqual(90 + 10 + 9);
});

describe('the calls of a process', () => {
  it('run 64 at a time; 256 more wait and the next is refused', async () => {
    const calls = new Calls(policy, timing, () => {});
    let sent = 0;
    const held = Promise.withResolvers<void>();
    const send = () => {
      sent++;
      return held.promise;
    };
    const made = Array.from({ length: 64 + 256 }, () => calls.call(send));
    await expect(calls.call(send)).rejects.toMatchObject({ kind: 'busy', reason: 'tooManyCalls' });
    expect(sent).toBe(64);
    held.resolve();
    await Promise.all(made);
    expect(sent).toBe(320);
  });

  it('are never sent after the deadline of their request', async () => {
    const calls = new Calls(policy, timing, () => {});
    const held = Promise.withResolvers<void>();
    const made = Array.from({ length: 64 }, () => calls.call(() => held.promise));
    let sent = false;
    const waits = calls.call(async () => {
      sent = true;
    });
    const settled = Promise.allSettled([...made, waits]);
    timing.advance(8_000);
    expect((await settled).map(({ status }) => status)).toEqual(Array(65).fill('rejected'));
    held.resolve();
    await new Promise(setImmediate);
    expect(sent).toBe(false);
  });

  it('are awaited for two seconds when the process stops, and further ones are refused', async () => {
    const calls = new Calls(policy, timing, () => {});
    const held = Promise.withResolvers<void>();
    const made = calls.call(() => held.promise);
    await new Promise(setImmediate);
    const closed = calls.close();
    await expect(calls.call(async () => {})).rejects.toMatchObject({ reason: 'closing' });
    held.resolve();
    await made;
    expect(await closed).toBe(true);

    const other = new Calls(policy, timing, () => {});
    void other.call(() => new Promise(() => {})).catch(() => {});
    await new Promise(setImmediate);
    const late = other.close();
    timing.advance(2_000);
    expect(await late).toBe(false);
    timing.advance(8_000);
  });
});

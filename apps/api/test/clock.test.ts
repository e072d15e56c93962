import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { hashOf, mintKey } from '@records/api-keys';
import { ApiKeys } from '../src/keys/api-keys.ts';
import { systemTiming } from '../src/warehouse/timing.ts';
import { buildTestApi } from './support/api.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { linksOf } from './support/links.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const HOUR = 3_600_000;
const record = (id: string) => ({ id, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
/** The changes of the wall clock that every test makes. Milliseconds. */
const STEPS = [HOUR, -HOUR, 24 * HOUR, -24 * HOUR];

let timing: FakeTiming;

beforeEach(() => {
  timing = new FakeTiming();
});

describe('the clock of the API', () => {
  it.each(STEPS)('follows a wall clock that was set by %d ms, slowly and without a jump', (step) => {
    const began = timing.date();
    timing.advance(10_000);
    timing.stepWall(step);
    let before = timing.date();
    expect(before).toBe(began + 10_000);
    for (let hour = 1; hour <= 50 * 24; hour++) {
      timing.advance(HOUR);
      const date = timing.date();
      expect(Math.abs(date - before - HOUR)).toBeLessThanOrEqual(0.0201 * HOUR);
      before = date;
    }
    // Fifty days later it agrees with the other instances.
    expect(before - began).toBe(timing.now() + step);
  });

  it.each(STEPS)('is what the process uses, so a change by %d ms moves nothing', (step) => {
    const wall = jest.spyOn(Date, 'now');
    const [date, now] = [systemTiming.date(), systemTiming.now()];
    wall.mockReturnValue(date + step);
    for (const then of [systemTiming.date() - date, systemTiming.now() - now]) {
      expect(then).toBeGreaterThanOrEqual(0);
      expect(then).toBeLessThan(60_000);
    }
    wall.mockRestore();
  });

  it('never goes back, however often it is read', () => {
    timing.stepWall(-HOUR);
    let before = timing.date();
    for (let n = 0; n < 5_000; n++) {
      timing.advance(1);
      expect(timing.date()).toBeGreaterThanOrEqual(before);
      before = timing.date();
    }
  });

  it.each([60_000, 8 * HOUR])('catches up at once after a suspension of %d ms', (ms) => {
    const [began, from] = [timing.date(), timing.now()];
    timing.advance(10_000);
    timing.suspend(ms);
    timing.advance(1_000);
    expect([timing.date() - began, timing.now() - from]).toEqual([11_000 + ms, 11_000 + ms]);
  });
});

describe.each(STEPS)('when the wall clock is set by %d ms', (step) => {
  let table: TestTable;

  beforeEach(async () => {
    table = await openTestTable();
    await table.append(['a', 'b', 'c'].map(record));
  });

  it('lists are renewed after a window, walks go on, and look-ups find new records', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const first = await app.inject({ url: '/records?limit=2' });
    expect(first.headers.age).toBe('0');
    const { next } = linksOf(String(first.headers.link));
    await app.inject({ url: '/records/a' });
    expectProblem(await app.inject({ url: '/records/d' }), 'record-not-found');

    timing.stepWall(step);
    timing.advance(30_000);
    const held = await app.inject({ url: '/records?limit=2' });
    expect([held.statusCode, held.body]).toEqual([200, first.body]);
    expect(Number(held.headers.age)).toBeCloseTo(30, -0.5);
    expect((await app.inject({ url: '/records/a' })).headers.age).toBe('30');
    await table.append([record('d')]);
    expect((await app.inject({ url: '/records/d' })).json()).toEqual(record('d'));

    timing.advance(100_000);
    const fresh = await app.inject({ url: '/records?limit=10' });
    expect([fresh.json().length, fresh.headers.age]).toEqual([4, '0']);
    const rest = await app.inject({ url: `/records?limit=2&offset=2&snapshot=${next?.snapshot}` });
    expect(rest.json()).toEqual([record('c')]);
  });

  it('no quota is refilled or taken away', async () => {
    const { app } = await buildTestApi({
      bigQueryUrl: table.front.url,
      timing,
      now: () => timing.now(),
      variables: { ANONYMOUS_REQUESTS_PER_MINUTE: '2' },
    });
    const statuses = async (count: number) => {
      const answers = [];
      for (let n = 0; n < count; n++) answers.push((await app.inject({ url: '/records' })).statusCode);
      return answers;
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    timing.stepWall(step);
    expect(await statuses(1)).toEqual([429]);
    timing.advance(30_000);
    expect(await statuses(2)).toEqual([200, 429]);
  });

  it('an open circuit closes after its pause', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    table.front.fault = () => 'reset';
    for (let n = 0; n < 5; n++) expect((await app.inject({ url: `/records/${n}` })).statusCode).toBe(503);
    table.front.fault = () => undefined;
    timing.stepWall(step);
    const calls = table.front.calls.length;
    expectProblem(await app.inject({ url: '/records/a' }), 'warehouse-unavailable');
    expect(table.front.calls.length).toBe(calls);
    timing.advance(5_000);
    expect((await app.inject({ url: '/records/a' })).json()).toEqual(record('a'));
  });

  it('keys stay valid for what is left of them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clock-'));
    closeAfterAll(() => rm(folder, { recursive: true }));
    const [key, file] = [mintKey(), join(folder, 'keys')];
    const expiresAt = new Date(timing.date() + 300_000).toISOString();
    const entry = { name: 'crm', sha256: hashOf(key), requestsPerMinute: 3, createdAt: expiresAt, expiresAt };
    await writeFile(file, JSON.stringify({ keys: [entry] }));
    const keys = new ApiKeys({ file, log: { info() {}, error() {} }, timing });
    await keys.refresh();
    timing.stepWall(step);
    timing.advance(200_000);
    expect(keys.find(key)).toMatchObject({ name: 'crm' });
    timing.advance(150_000);
    expect(keys.find(key)).toBe('unknown');
    // The file was read 350 s ago, and may be used for ten minutes.
    timing.advance(260_000);
    expect(keys.find(key)).toBe('unavailable');
  });
});

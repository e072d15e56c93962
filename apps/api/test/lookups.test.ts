import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { BigQueryWarehouse } from '../src/warehouse/bigquery-warehouse.ts';
import { Lookups } from '../src/warehouse/lookups.ts';
import { parseTableName } from '../src/warehouse/table-name.ts';
import { buildTestApi, environment } from './support/api.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const record = (id: string) => ({ id, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
const ids = (count: number) => Array.from({ length: count }, (_, n) => `r${n}`);

let table: TestTable;
let timing: FakeTiming;

beforeEach(async () => {
  table = await openTestTable();
  timing = new FakeTiming();
  await table.append([...ids(200), 'r1', 'r2'].map(record));
});

const scans = () => table.bigQuery.usage().bytesBilled / (10 * 1024 * 1024);

describe('look-ups', () => {
  it('that come at the same time share a query, up to a hundred ids in each', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url });
    // The client finds its endpoint in the environment that has just been set.
    await app.ready();
    const warehouse = new BigQueryWarehouse({
      project: environment.GOOGLE_CLOUD_PROJECT,
      location: environment.BIGQUERY_LOCATION,
      table: parseTableName(environment.RECORDS_TABLE),
      freshnessSeconds: 60,
      labels: {},
      log: pino({ level: 'silent' }),
      timing,
    });
    const wanted = [...ids(150), ...ids(50), 'nobody'];
    const answers = await Promise.all(wanted.map((id) => warehouse.readRecord(id)));
    expect(answers.map(({ body }) => body && JSON.parse(String(body)))).toEqual([
      ...[...ids(150), ...ids(50)].map(record),
      undefined,
    ]);
    expect(scans()).toBe(2);
  });

  it('are answered from memory for a freshness window, and for five seconds that there is no record', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const ask = async () => {
      const found = await app.inject({ url: '/records/r7' });
      expectProblem(await app.inject({ url: '/records/nobody' }), 'record-not-found');
      return found.headers;
    };
    const first = await ask();
    expect(first).toMatchObject({ age: '0', etag: expect.stringMatching(/^"[\w-]{22}"$/) });
    timing.advance(4_000);
    await ask();
    expect(scans()).toBe(2);
    timing.advance(1_000);
    await ask();
    expect(scans()).toBe(3);
    timing.advance(54_000);
    expect(await ask()).toMatchObject({ age: '59', etag: first.etag });
    expect(scans()).toBe(4);
    timing.advance(1_000);
    expect(await ask()).toMatchObject({ age: '0', etag: first.etag });
    expect(scans()).toBe(5);

    await table.append([record('nobody')]);
    timing.advance(5_000);
    expect((await app.inject({ url: '/records/nobody' })).json()).toEqual(record('nobody'));
  });

  it('for a record that still holds are answered 304', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const { headers } = await app.inject({ url: '/records/r7' });
    const again = await app.inject({
      url: '/records/r7',
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', headers.etag]);
    expect(scans()).toBe(1);
  });

  it('remember a bounded number of answers, and not those that failed', async () => {
    let queries = 0;
    const lookups = new Lookups({
      freshMs: 60_000,
      timing,
      query: async (asked) => {
        queries++;
        if (asked.includes('fails') && queries === 1) throw new Error('once');
        return [];
      },
    });
    await expect(lookups.find('fails')).rejects.toThrow('once');
    await lookups.find('fails');
    await lookups.find('first');
    expect(queries).toBe(3);
    for (let chunk = 0; chunk < 4; chunk++) {
      await Promise.all(Array.from({ length: 5_000 }, (_, n) => lookups.find(`other-${chunk}-${n}`)));
    }
    await lookups.find('first');
    expect(queries).toBe(204);
  });

  it('of more ids than may wait are refused at once, and the others are answered', async () => {
    const lookups = new Lookups({ freshMs: 60_000, timing, query: async () => [] });
    const asked = Array.from({ length: 5_001 }, (_, n) => lookups.find(`id-${n}`));
    const settled = await Promise.allSettled(asked);
    expect(settled.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { kind: 'busy', reason: 'tooManyLookups', retryAfterMs: 1_000 } },
    ]);
  });
});

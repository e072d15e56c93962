import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseTableName } from '@records/runtime';
import type { LightMyRequestResponse } from 'fastify';
import { ListNames } from '../src/warehouse/lists/list-names.ts';
import { buildQueries } from '../src/warehouse/queries.ts';
import { buildTestApi, environment, type TestApi } from './support/api.ts';
import type { Fault } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const WINDOW_MS = 60_000;
const queries = buildQueries(parseTableName(environment.RECORDS_TABLE));
const statement = queries.part({ lower: false, upper: false });
const names = new ListNames([statement, queries.delta([])]);

const records = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    id: `r${n}`,
    nombre: 'Ana',
    apellido: 'Pérez',
    pais: 'Chile',
  }));

let table: TestTable;
let timing: FakeTiming;
let api: TestApi;

beforeEach(async () => {
  table = await openTestTable();
  timing = new FakeTiming();
  api = await buildTestApi({ bigQueryUrl: table.front.url, timing });
});

const get = (url: string): Promise<LightMyRequestResponse> => api.app.inject({ url });
const scans = () => table.bigQuery.usage().bytesBilled / (10 * 1024 * 1024);
const jobId = (attempt: number) =>
  `records-list-${names.of({ start: timing.date(), attempt, extra: 0 }).token}`;
const insertJob = (query: string) =>
  table.bigQuery.insertJob({
    jobReference: { jobId: jobId(0), location: environment.BIGQUERY_LOCATION },
    configuration: { query: { query, useLegacySql: false, destinationTable: destination() } },
  });

const destination = () => {
  const [projectId = '', datasetId = ''] = environment.SCRATCH_DATASET.split('.');
  return { projectId, datasetId, tableId: jobId(0).replace('records-', '').replaceAll('-', '_') };
};

/** Answers every `jobs.get` of one job with the fault. */
function lookAt(jobId: string, fault: Fault): void {
  table.front.fault = (call) =>
    table.front.calls[call - 1]?.startsWith('GET') && table.front.calls[call - 1]?.endsWith(jobId)
      ? fault
      : undefined;
}

const jobReply = (state: string, errorResult?: object): Fault => ({
  status: 200,
  body: JSON.stringify({ status: { state, errorResult }, statistics: { creationTime: '1' } }),
});

describe('the job of a window', () => {
  it('is used by others when the instance that made it dies', async () => {
    await table.append(records(10));
    await insertJob(statement);
    const isDone = async () =>
      (await table.bigQuery.getJob(jobId(0), { location: environment.BIGQUERY_LOCATION })).status.state ===
      'DONE';
    while (!(await isDone())) await new Promise(setImmediate);
    await table.append(records(12).slice(10));
    expect((await get('/records')).headers['x-total-count']).toBe('10');
    expect(scans()).toBe(1);
  });

  it('is followed at once by one with another id after an error of BigQuery', async () => {
    await table.append(records(10));
    const errorResult = { reason: 'jobBackendError', message: 'secret' };
    lookAt(jobId(0), jobReply('DONE', errorResult));
    const response = await get('/records');
    expect(response.headers['x-total-count']).toBe('10');
    expect(response.headers.link).toMatch(/snapshot=\w+-\w+-1>/);
  });

  it('gives an internal error when it is refused, and is retried with growing waits', async () => {
    await insertJob('SELECT nothing FROM nowhere');
    expectProblem(await get('/records'), 'internal-error');

    table.front.reset();
    timing.advance(999);
    expectProblem(await get('/records'), 'internal-error');
    expect(table.front.calls).toEqual([]);

    timing.advance(1);
    expect((await get('/records')).statusCode).toBe(200);
    expect(table.front.bodies).toMatchObject([{ jobReference: { jobId: expect.stringMatching(/-1$/) } }]);
  });

  it('is abandoned when it never ends', async () => {
    await table.append(records(10));
    lookAt(jobId(0), jobReply('RUNNING'));
    expectProblem(await get('/records'), 'warehouse-timeout');
    const answered = async () => (await get('/records')).statusCode === 200;
    while (timing.now() < 200_000 && !(await answered())) timing.advance(1_000);
    expect((await get('/records')).headers['x-total-count']).toBe('10');
    expect(table.front.bodies).toHaveLength(2);
  });
});

describe('a warehouse that is gone', () => {
  beforeEach(async () => {
    await table.append(records(4_500));
    await get('/records');
    await get('/records/r7');
    table.front.reset();
    table.front.fault = () => 'reset';
    timing.advance(5 * WINDOW_MS);
  });

  it('leaves cached pages and records, with their age', async () => {
    const page = await get('/records?limit=10');
    expect(page.json()).toHaveLength(10);
    expect(page.headers).toMatchObject({
      'x-total-count': '4500',
      'cache-control': 'max-age=60',
      age: '300',
    });
    const record = await get('/records/r7');
    expect([record.json(), record.headers.age]).toEqual([records(8)[7], '300']);
    expect(
      api.lines.filter(({ message }) => String(message).includes('serving the previous snapshot')),
    ).toMatchObject([{ reason: 'ECONNRESET', severity: 'WARNING' }]);
  });

  it('gives 503 with Retry-After for the rest', async () => {
    for (const url of ['/records?offset=1500', '/records/r2']) {
      const response = await get(url);
      expectProblem(response, 'warehouse-unavailable');
      // Three calls for the list and two for the block opened the circuit, for at most a second.
      expect(response.headers['retry-after']).toBe(url === '/records/r2' ? '1' : '5');
      for (const header of ['etag', 'link', 'age', 'last-modified'])
        expect(response.headers[header]).toBeUndefined();
    }
  });

  it('is called for a snapshot at most once a second, for any number of requests', async () => {
    for (let request = 0; request < 50; request++) expect((await get('/records')).statusCode).toBe(200);
    expect(table.front.calls).toHaveLength(3);
    timing.advance(1_000);
    await Promise.all(Array.from({ length: 50 }, () => get('/records')));
    await table.front.called(5);
    expect(table.front.calls).toHaveLength(5);
  });

  it('is replaced by cached data for twelve hours only', async () => {
    timing.advance(12 * 60 * 60 * 1000);
    expectProblem(await get('/records'), 'warehouse-unavailable');
    expectProblem(await get('/records/r7'), 'warehouse-unavailable');
  });

  it('is read again when it comes back', async () => {
    expect((await get('/records')).headers.age).toBe('300');
    table.front.reset();
    timing.advance(1_000);
    const ageOf = async () => (await get('/records')).headers.age;
    for (let request = 0; request < 1_000 && (await ageOf()) !== '0'; request++) {
      await new Promise(setImmediate);
    }
    expect((await get('/records')).headers).toMatchObject({ age: '0', 'x-total-count': '4500' });
  });
});

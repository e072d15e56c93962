import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, LOCATION, refusal, startBigQuery } from './support/bigquery.ts';

const HOUR = 3_600_000;
const MAX_EXPIRING_BYTES = 64 * 1024 ** 2;
let folder: string;
let warnings: string[];
let fixture: Fixture;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storage-'));
  warnings = [];
  fixture = await startBigQuery({
    path: folder,
    maxExpiringBytes: MAX_EXPIRING_BYTES,
    onWarning: (message) => warnings.push(message),
  });
});

afterEach(async () => {
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

const scratch = () =>
  fixture.bigquery.insertDataset({
    datasetReference: { datasetId: 'scratch' },
    defaultTableExpirationMs: String(HOUR),
  });

/** Runs a query and returns the id of its job. */
async function run(query: string, configuration: object = {}): Promise<string> {
  const [job] = await fixture.client.createQueryJob({ query, location: LOCATION, ...configuration });
  await job.getQueryResults({ maxResults: 0, autoPaginate: false });
  return job.id ?? '';
}

describe('tables with an expiration', () => {
  it('are at most a thousand: the oldest is dropped, and the log says so once', async () => {
    await scratch();
    const { bigquery } = fixture;
    await bigquery.insertDataset({ datasetReference: { datasetId: 'kept' } });
    await bigquery.insertTable('kept', { tableReference: { tableId: 'first' } });
    for (let n = 0; n < 1003; n += 1) {
      await bigquery.insertTable('scratch', { tableReference: { tableId: `t${n}` } });
      await fixture.clock.advance(1);
    }
    const kept = await bigquery.listTables('scratch');
    expect(kept).toHaveLength(1000);
    for (const tableId of ['t0', 't1', 't2']) {
      expect(await refusal(fixture.client.dataset('scratch').table(tableId).getMetadata())).toMatchObject({
        code: 404,
        reason: 'notFound',
      });
    }
    expect(await bigquery.listTables('kept')).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining('scratch.t0')]);
  });

  it('have at most so many bytes: the last used ones stay', async () => {
    await scratch();
    const { bigquery, client, clock } = fixture;
    const bytes = 0.4 * MAX_EXPIRING_BYTES;
    const length = 1024;
    const query = `SELECT REPEAT('x', ${length}) AS x FROM UNNEST(GENERATE_ARRAY(1, ${bytes / length}))`;
    for (const tableId of ['read', 'unread', 'appended']) {
      await run(tableId === 'appended' ? "SELECT 'x' AS x" : query, {
        destination: client.dataset('scratch').table(tableId),
      });
      await clock.advance(1);
    }
    await run("SELECT 'again' AS x", {
      destination: client.dataset('scratch').table('appended'),
      writeDisposition: 'WRITE_APPEND',
    });
    await clock.advance(1);
    await run('SELECT COUNT(x) AS n FROM scratch.read');
    await clock.advance(1);
    await run(query, { destination: client.dataset('scratch').table('three') });
    const kept = (await bigquery.listTables('scratch')).map(({ tableReference }) => tableReference.tableId);
    expect(kept).toEqual(['appended', 'read', 'three']);
    expect(warnings).toEqual([expect.stringContaining('scratch.unread')]);
  });
});

describe('results of queries', () => {
  it('are in a file of the data folder, which close() removes', async () => {
    await run('SELECT n FROM UNNEST(GENERATE_ARRAY(1, 10000)) AS n');
    expect(readdirSync(folder)).toContain('results.duckdb');
    await fixture.close();
    expect(readdirSync(folder).filter((name) => !name.startsWith('bigquery.duckdb'))).toEqual([]);
    fixture = await startBigQuery({ path: folder });
  });

  it('without a data folder are in a temporary folder, which close() removes', async () => {
    const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('bigquery-'));
    const before = new Set(folders());
    const other = await startBigQuery();
    const added = folders().filter((name) => !before.has(name));
    await other.close();
    const removed = added.filter((name) => !existsSync(join(tmpdir(), name)));
    expect(removed.length).toBeGreaterThan(0);
  });

  it('of many rows in memory are bounded by their bytes, the oldest first, and the log says so once', async () => {
    const query = 'SELECT n FROM UNNEST(GENERATE_ARRAY(1, 4000)) AS n';
    const jobs: string[] = [];
    for (let n = 0; n < 170; n += 1) jobs.push(await run(query));
    const rows = (jobId = '') => fixture.client.job(jobId, { location: LOCATION }).getQueryResults();
    expect(await refusal(rows(jobs[0]))).toMatchObject({ code: 404, reason: 'notFound' });
    expect((await rows(jobs.at(-1)))[0]).toHaveLength(4000);
    expect(warnings).toEqual([expect.stringContaining('64 MiB in memory')]);
  });
});

it('a query that fails leaves no table', async () => {
  await scratch();
  const { client } = fixture;
  const failing = run('SELECT 1 / (n - 90000) AS x FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS n', {
    destination: client.dataset('scratch').table('list'),
  });
  expect(await refusal(failing)).toMatchObject({ reason: 'invalidQuery' });
  expect(await fixture.bigquery.listTables('scratch')).toEqual([]);
  await run('SELECT 1 AS x', { destination: client.dataset('scratch').table('list') });
});

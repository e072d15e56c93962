import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, LOCATION, PROJECT, refusal, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;
/** A query that runs for hours. */
const SLOW =
  'SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 1000000)) a, UNNEST(GENERATE_ARRAY(1, 1000000)) b WHERE a + b = 7';
const table = { projectId: PROJECT, datasetId: 'd', tableId: 't' };

beforeEach(async () => {
  fixture = await startBigQuery();
  const { bigquery } = fixture;
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  await bigquery.insertTable('d', {
    tableReference: { tableId: 't' },
    schema: {
      fields: [
        { name: 'id', type: 'STRING', mode: 'REQUIRED' },
        { name: 'n', type: 'INTEGER' },
      ],
    },
  });
});

afterEach(() => fixture.close());

async function fill(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => ({
    id: `id${String((n * 7919) % count).padStart(6, '0')}`,
    n,
  }));
  expect(await fixture.bigquery.appendRows(table, rows)).toEqual([]);
}

/** Calls jobs.query over plain HTTP. */
async function query(request: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${fixture.server.url}/bigquery/v2/projects/${PROJECT}/queries`, {
    method: 'POST',
    body: JSON.stringify({ useLegacySql: false, ...request }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('a job', () => {
  it('with a used id is refused, and the result of the first job can be fetched by its id', async () => {
    await fill(3);
    const options = { query: 'SELECT id FROM d.t ORDER BY id', jobId: 'snapshot_1', location: LOCATION };
    const [job] = await fixture.client.createQueryJob(options);
    expect(await refusal(fixture.client.createQueryJob(options))).toEqual({
      code: 409,
      message: `Already Exists: Job ${PROJECT}:${LOCATION}.snapshot_1`,
      reason: 'duplicate',
    });
    const [rows] = await fixture.client.job('snapshot_1', { location: LOCATION }).getQueryResults();
    expect(rows).toEqual((await job.getQueryResults())[0]);
    expect(rows).toHaveLength(3);
  });

  it('of a failed query keeps its id and its error', async () => {
    const [job] = await fixture.client.createQueryJob({ query: 'SELECT 1/0', jobId: 'burnt' });
    expect(await refusal(job.getQueryResults())).toMatchObject({ code: 400, reason: 'invalidQuery' });
    const [metadata] = await job.getMetadata();
    expect(metadata.status).toMatchObject({
      state: 'DONE',
      errorResult: { reason: 'invalidQuery', message: 'division by zero: 1.0 / 0.0' },
    });
    expect(await refusal(fixture.client.createQueryJob({ query: 'SELECT 1', jobId: 'burnt' }))).toMatchObject(
      {
        reason: 'duplicate',
      },
    );
  });

  it('outside US and EU is found only with its location', async () => {
    await fixture.client.createQueryJob({ query: 'SELECT 1', jobId: 'somewhere' });
    const { bigquery } = fixture;
    await expect(bigquery.getJob('somewhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(bigquery.getQueryResults('somewhere', { location: 'EU' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await bigquery.getJob('somewhere', { location: LOCATION.toUpperCase() })).toMatchObject({
      jobReference: { jobId: 'somewhere', location: LOCATION, projectId: PROJECT },
    });
  });

  it('shows its labels, its cost and the table of its rows', async () => {
    await fill(10);
    const [job] = await fixture.client.createQueryJob({
      query: 'SELECT id FROM d.t',
      labels: { route: 'x' },
    });
    await job.getQueryResults();
    const [metadata] = await job.getMetadata();
    expect(metadata).toMatchObject({
      configuration: {
        labels: { route: 'x' },
        query: { destinationTable: { projectId: PROJECT, tableId: expect.stringMatching(/^anon/) } },
      },
      statistics: {
        query: {
          statementType: 'SELECT',
          totalBytesProcessed: String(10 * 10),
          totalBytesBilled: String(10 * 1024 * 1024),
          cacheHit: false,
          referencedTables: [table],
        },
      },
    });
  });

  it('that is cancelled fails with the reason stopped', async () => {
    const { bigquery } = fixture;
    const configuration = { query: { query: SLOW, useLegacySql: false } };
    const { jobReference } = await bigquery.insertJob({ configuration });
    const job = fixture.client.job(jobReference.jobId, { location: LOCATION });
    expect((await job.getMetadata())[0].status.state).toBe('RUNNING');
    await job.cancel();
    expect(await refusal(job.getQueryResults())).toMatchObject({ code: 499, reason: 'stopped' });
  });

  it('is created for a query that outlasts its timeout, even when jobs are optional', async () => {
    const request = { query: SLOW, timeoutMs: 0, jobCreationMode: 'JOB_CREATION_OPTIONAL' };
    const { body } = await query(request);
    expect(body).toMatchObject({
      jobComplete: false,
      jobReference: { location: LOCATION },
      jobCreationReason: { code: 'LONG_RUNNING' },
    });
    const { jobId } = body.jobReference as { jobId: string };
    const waiting = fixture.bigquery.getQueryResults(jobId, { location: LOCATION, timeoutMs: 5000 });
    await fixture.clock.advance(5000);
    expect(await waiting).toMatchObject({ jobComplete: false });
    await fixture.bigquery.cancelJob(jobId, { location: LOCATION });
  });

  it('stops when its jobTimeoutMs has passed', async () => {
    const configuration = { query: { query: SLOW, useLegacySql: false }, jobTimeoutMs: '60000' };
    const { jobReference } = await fixture.bigquery.insertJob({ configuration });
    await fixture.clock.advance(60_000);
    await expect(
      fixture.bigquery.getQueryResults(jobReference.jobId, { location: LOCATION }),
    ).rejects.toMatchObject({ reason: 'stopped' });
  });

  it('that is running does not delay close()', async () => {
    const other = await startBigQuery();
    await other.bigquery.query({ query: SLOW, useLegacySql: false, timeoutMs: 0 });
    await other.close();
    const { jobs } = await other.bigquery.listJobs();
    expect(jobs).toMatchObject([{ status: { errorResult: { reason: 'stopped' } } }]);
  });

  it('that is a dry run returns schema and bytes, costs nothing and is not listed', async () => {
    await fill(10);
    const [job] = await fixture.client.createQueryJob({ query: 'SELECT id, n AS m FROM d.t', dryRun: true });
    expect(job.metadata.statistics).toMatchObject({
      totalBytesProcessed: String(10 * 18),
      query: {
        totalBytesBilled: '0',
        schema: {
          fields: [
            { name: 'id', type: 'STRING' },
            { name: 'm', type: 'INTEGER' },
          ],
        },
      },
    });
    expect(
      await refusal(fixture.client.createQueryJob({ query: 'SELECT nope', dryRun: true })),
    ).toMatchObject({ code: 400 });
    expect((await fixture.client.getJobs())[0]).toEqual([]);
    expect(fixture.bigquery.usage().bytesBilled).toBe(0);
  });

  it('is listed before earlier jobs', async () => {
    for (const jobId of ['one', 'two', 'three'])
      await fixture.client.createQueryJob({ query: 'SELECT 1', jobId });
    const [jobs] = await fixture.client.getJobs({ maxResults: 2, autoPaginate: false });
    expect(jobs.map(({ id }) => id)).toEqual(['three', 'two']);
  });
});

describe('jobs.query', () => {
  it('creates no job when jobs are optional and the result fits one page', async () => {
    const { body } = await query({ query: 'SELECT 1 AS x', jobCreationMode: 'JOB_CREATION_OPTIONAL' });
    expect(body).toMatchObject({
      jobComplete: true,
      queryId: expect.any(String),
      totalRows: '1',
      rows: [{ f: [{ v: '1' }] }],
    });
    expect(body).not.toHaveProperty('jobReference');
    expect((await fixture.bigquery.listJobs()).jobs).toEqual([]);
  });

  it('creates a job for a result of several pages', async () => {
    await fill(5);
    const { body } = await query({
      query: 'SELECT id FROM d.t',
      jobCreationMode: 'JOB_CREATION_OPTIONAL',
      maxResults: 2,
    });
    expect(body).toMatchObject({
      pageToken: expect.any(String),
      jobReference: { location: LOCATION },
      jobCreationReason: { code: 'LARGE_RESULTS' },
    });
    const [rows] = await fixture.client.query({ query: 'SELECT id FROM d.t ORDER BY id', maxResults: 2 }, {});
    expect(rows).toHaveLength(5);
  });

  it('runs requests with one requestId once within 15 minutes', async () => {
    const request = { query: "INSERT INTO d.t (id) VALUES ('a')", requestId: 'same' };
    const answers = await Promise.all([query(request), query(request), query(request)]);
    expect(answers.map(({ body }) => body.numDmlAffectedRows)).toEqual(['1', '1', '1']);
    expect((await fixture.bigquery.getTable('d', 't')).numRows).toBe('1');
    await fixture.clock.advance(15 * 60 * 1000);
    await query(request);
    expect((await fixture.bigquery.getTable('d', 't')).numRows).toBe('2');
  });

  it('refuses a query above maximumBytesBilled and bills nothing', async () => {
    await fill(10);
    const { status, body } = await query({ query: 'SELECT id FROM d.t', maximumBytesBilled: '1000' });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: {
        message: 'Query exceeded limit for bytes billed: 1000. 10485760 or higher required.',
        errors: [{ reason: 'bytesBilledLimitExceeded' }],
      },
    });
    expect(fixture.bigquery.usage().bytesBilled).toBe(0);
  });

  it('looks up a table without a dataset in the default dataset', async () => {
    await fill(1);
    expect(
      (await query({ query: 'SELECT n FROM t', defaultDataset: { datasetId: 'd' } })).body.totalRows,
    ).toBe('1');
  });

  it('finds a table in every location, unless the caller names another one', async () => {
    const { bigquery } = fixture;
    await bigquery.insertDataset({ datasetReference: { datasetId: 'far' }, location: 'EU' });
    await bigquery.insertTable('far', {
      tableReference: { tableId: 't' },
      schema: { fields: [{ name: 'x', type: 'STRING' }] },
    });
    const ask = (location?: string) => query({ query: 'SELECT x FROM far.t', ...(location && { location }) });
    expect((await ask()).status).toBe(200);
    expect((await ask('eu')).status).toBe(200);
    const { status, body } = await ask(LOCATION);
    expect(status).toBe(404);
    expect(body).toMatchObject({
      error: { message: `Not found: Table ${PROJECT}:far.t was not found in location ${LOCATION}` },
    });
  });

  it('is GoogleSQL unless it says legacy SQL, which is refused by name', async () => {
    const text = 'SELECT pais FROM UNNEST([STRUCT("Perú" AS pais)])';
    const { body } = await query({ query: text, useLegacySql: undefined });
    expect(body).toMatchObject({ rows: [{ f: [{ v: 'Perú' }] }] });
    const { jobId, location } = body.jobReference as { jobId: string; location: string };
    const job = await fixture.bigquery.getJob(jobId, { location });
    expect(job.configuration.query).toMatchObject({ useLegacySql: false });
    expect((await query({ query: `#standardSQL\n${text}` })).status).toBe(200);
    for (const legacy of [{ query: text, useLegacySql: true }, { query: `#legacySQL\n${text}` }]) {
      expect(await query(legacy)).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining('Legacy SQL is not supported') } },
      });
    }
  });
});

describe('statements that write', () => {
  const count = async () => Number((await fixture.bigquery.getTable('d', 't')).numRows);

  it('report the number of rows that they change', async () => {
    const affected = async (sql: string) => (await query({ query: sql })).body.numDmlAffectedRows;
    expect(await affected("INSERT INTO d.t (id, n) VALUES ('a', 1), ('b', 2), ('c', NULL)")).toBe('3');
    expect(await affected('INSERT d.t (id, n) SELECT CONCAT(id, "2"), n + 10 FROM d.t')).toBe('3');
    expect(await affected('UPDATE d.t SET n = COALESCE(n, 0) + 1 WHERE id LIKE "%2"')).toBe('3');
    expect(await affected('DELETE FROM d.t WHERE n > 10')).toBe('2');
    expect(await count()).toBe(4);
    expect(await affected('TRUNCATE TABLE d.t')).toBe('4');
    expect(await count()).toBe(0);
  });

  it('change nothing when a row is refused', async () => {
    await fill(3);
    expect(await query({ query: "INSERT INTO d.t (id) VALUES ('a'), (NULL)" })).toMatchObject({
      status: 400,
    });
    expect(await query({ query: 'UPDATE d.t SET n = DIV(1, n) WHERE TRUE' })).toMatchObject({ status: 400 });
    expect(await count()).toBe(3);
    expect((await query({ query: 'SELECT SUM(n) FROM d.t' })).body.rows).toEqual([{ f: [{ v: '3' }] }]);
  });

  it('create and drop tables', async () => {
    await fill(3);
    await query({
      query: 'CREATE TABLE d.copy CLUSTER BY id AS SELECT id, n * 2 AS double, [n] AS ns FROM d.t',
    });
    expect(await fixture.bigquery.getTable('d', 'copy')).toMatchObject({
      numRows: '3',
      clustering: { fields: ['id'] },
      schema: {
        fields: [{ name: 'id' }, { name: 'double', type: 'INTEGER' }, { name: 'ns', mode: 'REPEATED' }],
      },
    });
    expect(await query({ query: 'CREATE TABLE d.copy (id STRING)' })).toMatchObject({ status: 409 });
    expect(await query({ query: 'CREATE TABLE IF NOT EXISTS d.copy (id STRING)' })).toMatchObject({
      status: 200,
    });
    await query({
      query:
        'CREATE OR REPLACE TABLE d.copy (id STRING NOT NULL OPTIONS(description="the id"), xs ARRAY<INT64>)',
    });
    expect(await fixture.bigquery.getTable('d', 'copy')).toMatchObject({
      numRows: '0',
      schema: {
        fields: [
          { name: 'id', mode: 'REQUIRED', description: 'the id' },
          { name: 'xs', mode: 'REPEATED' },
        ],
      },
    });
    expect(await query({ query: 'CREATE OR REPLACE TABLE d.copy (x STRING) CLUSTER BY nope' })).toMatchObject(
      { status: 400 },
    );
    await query({ query: 'DROP TABLE d.copy' });
    expect(await query({ query: 'DROP TABLE d.copy' })).toMatchObject({ status: 404 });
    expect(await query({ query: 'DROP TABLE IF EXISTS d.copy' })).toMatchObject({ status: 200 });
  });

  it('write the rows of a query to its destination table', async () => {
    await fill(3);
    const destination = fixture.client.dataset('d').table('target');
    const run = async (options: object) => {
      const [job] = await fixture.client.createQueryJob({
        query: 'SELECT id, n FROM d.t ORDER BY id',
        destination,
        ...options,
      });
      return (await job.getQueryResults())[0].length;
    };
    expect(await run({})).toBe(3);
    expect(await refusal(run({}))).toMatchObject({ code: 409, reason: 'duplicate' });
    expect(await run({ writeDisposition: 'WRITE_APPEND' })).toBe(6);
    expect(await run({ writeDisposition: 'WRITE_TRUNCATE' })).toBe(3);
    expect(
      await refusal(run({ query: 'SELECT 1 AS other', writeDisposition: 'WRITE_APPEND' })),
    ).toMatchObject({ code: 400 });
  });
});

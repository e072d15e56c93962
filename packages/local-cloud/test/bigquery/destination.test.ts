import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { BigQuery as Client } from '@google-cloud/bigquery';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library';
import { Database, rowsOf } from '../../src/bigquery/database.ts';
import { BigQueryServer } from '../../src/bigquery/server.ts';
import { Statistics } from '../../src/bigquery/statistics.ts';
import { Callers } from '../../src/callers.ts';
import { Iam } from '../../src/iam.ts';
import {
  rowsOf as answerOf,
  type Fixture,
  LOCATION,
  PROJECT,
  refusal,
  startBigQuery,
} from './support/bigquery.ts';

const HOUR = 3_600_000;
const ROWS = 30_000;
const TABLE = { projectId: PROJECT, datasetId: 'd', tableId: 't' };
/** The rows in an order that is not the order of the list. */
const SHUFFLED = Array.from({ length: ROWS }, (_, n) => ({ id: `id${(n * 7919) % ROWS}` }));
const SORTED = SHUFFLED.map(({ id }) => id).sort();
const LIST = 'SELECT id, SUBSTR(MD5(id), 1, 8) AS fingerprint FROM d.t ORDER BY id';
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startBigQuery();
  const { bigquery } = fixture;
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  await bigquery.insertDataset({
    datasetReference: { datasetId: 'scratch' },
    defaultTableExpirationMs: String(HOUR),
  });
  const fields = [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }];
  await bigquery.insertTable('d', { tableReference: { tableId: 't' }, schema: { fields } });
  await bigquery.appendRows(TABLE, SHUFFLED);
});

afterEach(() => fixture.close());

const scratch = (client = fixture.client) => client.dataset('scratch').table('list');

async function makeList(query = LIST, options = {}, client = fixture.client) {
  const [job] = await client.createQueryJob({ query, destination: scratch(client), ...options });
  await job.getQueryResults({ maxResults: 0, autoPaginate: false });
  await job.getMetadata();
  return job;
}

describe('a list in a destination table', () => {
  it('keeps the order of the query, in pages and in any part', async () => {
    await makeList();
    const [rows] = await scratch().getRows();
    expect(rows.map(({ id }) => id)).toEqual(SORTED);
    const [part] = await scratch().getRows({
      startIndex: '12345',
      maxResults: 3,
      selectedFields: 'id',
      autoPaginate: false,
    });
    expect(part).toEqual(SORTED.slice(12345, 12348).map((id) => ({ id })));
  });

  it('shows what the job was asked and what it cost', async () => {
    const job = await makeList('SELECT id FROM d.t WHERE id >= @lower ORDER BY id', {
      params: { lower: 'id2' },
      clustering: { fields: ['id'] },
    });
    const { configuration, statistics } = job.metadata;
    expect(configuration.query).toMatchObject({
      destinationTable: { datasetId: 'scratch', tableId: 'list' },
      clustering: { fields: ['id'] },
      queryParameters: [{ name: 'lower', parameterValue: { value: 'id2' } }],
    });
    expect(Object.keys(statistics)).toEqual(expect.arrayContaining(['creationTime', 'startTime', 'endTime']));
    expect(statistics.query.totalBytesBilled).toBe(String(10 * 1024 * 1024));
    const [{ clustering, numRows }] = await scratch().getMetadata();
    expect({ clustering, numRows }).toEqual({
      clustering: { fields: ['id'] },
      numRows: String(SORTED.filter((id) => id >= 'id2').length),
    });
  });

  it.each([
    ['fingerprint', 'type BYTES NULLABLE is not supported for clustering'],
    ['nothing', 'cannot be found in the schema'],
  ])('refuses clustering by %s', async (name, message) => {
    expect(await refusal(makeList(LIST, { clustering: { fields: [name] } }))).toMatchObject({
      message: expect.stringContaining(message),
    });
    expect((await scratch().exists())[0]).toBe(false);
  });

  it('is refused with rows by WRITE_EMPTY, and replaced by WRITE_TRUNCATE', async () => {
    await makeList();
    expect(await refusal(makeList(LIST, { writeDisposition: 'WRITE_EMPTY' }))).toMatchObject({
      message: 'Already Exists: Table records-local:scratch.list',
    });
    await makeList("SELECT 'only' AS id", { writeDisposition: 'WRITE_TRUNCATE' });
    expect(await answerOf(fixture.client, 'SELECT * FROM scratch.list')).toEqual([['only']]);
  });

  it('leaves nothing when the query fails', async () => {
    await expect(makeList('SELECT 1 / (LENGTH(id) - LENGTH(id)) AS x FROM d.t')).rejects.toThrow('division');
    expect((await scratch().exists())[0]).toBe(false);
    await makeList();
  });

  it('does not keep other writes waiting', async () => {
    const { bigquery } = fixture;
    const [job] = await fixture.client.createQueryJob({
      query: 'SELECT COUNT(*) AS n FROM d.t AS a JOIN d.t AS b ON a.id <= b.id',
      destination: scratch(),
    });
    await bigquery.appendRows(TABLE, [{ id: 'meanwhile' }]);
    const jobs = await bigquery.listJobs();
    expect(jobs.jobs[0]?.status.state).toBe('RUNNING');
    await job.cancel();
    await expect(job.getQueryResults()).rejects.toThrow('cancelled');
    expect((await scratch().exists())[0]).toBe(false);
  });

  it('frees its storage when it expires, although nobody asks for it', async () => {
    const path = await mkdtemp(join(tmpdir(), 'expired-'));
    const other = await startBigQuery({ path });
    await other.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
    const expirationTime = String(other.clock.now() + HOUR);
    const schema = { fields: [{ name: 'id', type: 'STRING' }] };
    for (const [tableId, properties] of [
      ['kept', {}],
      ['gone', { expirationTime }],
    ] as const) {
      await other.bigquery.insertTable('d', { tableReference: { tableId }, schema, ...properties });
    }
    await other.clock.advance(HOUR);
    // Waits for the writer, which drops the table.
    await other.bigquery.insertDataset({ datasetReference: { datasetId: 'e' } });
    await other.close();
    const database = await DuckDBInstance.create(join(path, 'bigquery.duckdb'));
    const connection = await database.connect();
    const tables = await connection.runAndReadAll(
      "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'data'",
    );
    expect(tables.getRows()).toEqual([['t1']]);
    connection.closeSync();
    database.closeSync();
    await rm(path, { recursive: true });
  });

  it('expires by the clock', async () => {
    const { bigquery, client, clock } = fixture;
    await makeList();
    const [{ expirationTime }] = await scratch().getMetadata();
    expect(Number(expirationTime) - clock.now()).toBeLessThanOrEqual(HOUR);
    await scratch().setMetadata({ expirationTime: String(Number(expirationTime) + HOUR) });
    await clock.advance(HOUR + 1);
    expect((await scratch().exists())[0]).toBe(true);
    await clock.advance(HOUR);
    // Waits for the writer, which drops the table.
    await bigquery.appendRows(TABLE, [{ id: 'x' }]);
    expect(await bigquery.listTables('scratch')).toEqual([]);
    const notFound = {
      code: 404,
      message: expect.stringContaining(`Not found: Table ${PROJECT}:scratch.list`),
    };
    expect(await refusal(scratch().getMetadata())).toMatchObject(notFound);
    expect(await refusal(scratch().getRows())).toMatchObject(notFound);
    expect(await refusal(client.query('SELECT 1 FROM scratch.list'))).toMatchObject(notFound);
    expect(await refusal(scratch().setMetadata({ description: 'x' }))).toMatchObject(notFound);
    await makeList();
  });

  it('may not live for less than an hour by default', async () => {
    expect(
      await refusal(fixture.client.dataset('scratch').setMetadata({ defaultTableExpirationMs: '1000' })),
    ).toMatchObject({ message: expect.stringContaining('at least 3600000 milliseconds') });
  });

  it('lives for ever by default once the default lifetime is 0', async () => {
    const dataset = fixture.client.dataset('scratch');
    const [metadata] = await dataset.setMetadata({ defaultTableExpirationMs: '0' });
    expect(metadata).not.toHaveProperty('defaultTableExpirationMs');
    const [table] = await dataset.createTable('kept', { schema: 'id:STRING' });
    expect(table.metadata).not.toHaveProperty('expirationTime');
  });
});

describe('an account that makes lists', () => {
  const EMAIL = 'api@records-local.iam.gserviceaccount.com';
  const PERMISSIONS = [
    'bigquery.tables.create',
    'bigquery.tables.get',
    'bigquery.tables.getData',
    'bigquery.tables.updateData',
  ];
  let iam: Iam;
  let server: BigQueryServer;
  let client: Client;

  beforeEach(async () => {
    iam = new Iam();
    const callers = new Callers({ iam, clock: fixture.clock, onRefused: () => undefined });
    server = await BigQueryServer.listen(fixture.bigquery, { port: 0, callers });
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: callers.tokenFor(EMAIL) });
    client = new Client({ projectId: PROJECT, location: LOCATION, apiEndpoint: server.url, authClient });
    grant('roles/bigquery.jobUser', `projects/${PROJECT}`);
    grant('roles/bigquery.dataViewer', `projects/${PROJECT}/datasets/d`);
  });

  afterEach(() => server.close());

  function grant(role: string, resource: string): void {
    iam.grant({ role, resource, member: `serviceAccount:${EMAIL}` });
  }

  function onScratch(permissions: readonly string[]): void {
    const role = `projects/${PROJECT}/roles/lists`;
    iam.defineRole(role, permissions);
    grant(role, `projects/${PROJECT}/datasets/scratch`);
  }

  it('needs exactly a custom role on the scratch dataset', async () => {
    onScratch(PERMISSIONS);
    await makeList(LIST, {}, client);
    await makeList(LIST, { writeDisposition: 'WRITE_TRUNCATE' }, client);
    expect((await scratch(client).getRows({ maxResults: 1, autoPaginate: false }))[0]).toHaveLength(1);
    expect(await refusal(scratch(client).delete())).toMatchObject({ code: 403 });
  });

  it.each([
    [
      'bigquery.tables.create',
      'Access Denied: Dataset records-local:scratch: Permission bigquery.tables.create denied on dataset records-local:scratch (or it may not exist).',
    ],
    [
      'bigquery.tables.updateData',
      'Access Denied: Table records-local:scratch.list: Permission bigquery.tables.updateData denied on table records-local:scratch.list (or it may not exist).',
    ],
    [
      'bigquery.tables.getData',
      'Access Denied: Table records-local:scratch.list: Permission bigquery.tables.getData denied on table records-local:scratch.list (or it may not exist).',
    ],
  ])('is refused without %s, in the words of Google', async (permission, message) => {
    onScratch(PERMISSIONS.filter((other) => other !== permission));
    if (permission === 'bigquery.tables.updateData') await makeList();
    const call = makeList(LIST, { writeDisposition: 'WRITE_TRUNCATE' }, client);
    expect(await refusal(call)).toMatchObject({ message: expect.stringContaining(message) });
  });
});

describe('a count of all rows', () => {
  it('is free and includes the newest rows', async () => {
    await fixture.client
      .dataset('d')
      .table('t')
      .insert([{ id: 'new' }]);
    const [job] = await fixture.client.createQueryJob('SELECT COUNT(*) AS n FROM d.t');
    expect((await job.getQueryResults())[0]).toEqual([{ n: ROWS + 1 }]);
    await job.getMetadata();
    expect(job.metadata.statistics.query.totalBytesBilled).toBe('0');
  });
});

describe('the results of queries', () => {
  it('are in a file of their own, which close() removes', async () => {
    const path = await mkdtemp(join(tmpdir(), 'results-'));
    const other = await startBigQuery({ path });
    expect(await readdir(path)).toContain('results.duckdb');
    await other.close();
    expect(await readdir(path)).toEqual(['bigquery.duckdb']);
    await rm(path, { recursive: true });
  });

  it('are dropped beyond a thousand, the oldest first, and the log says so once', async () => {
    const warnings: string[] = [];
    const other = await startBigQuery({ onWarning: (message) => warnings.push(message) });
    const [first] = await other.client.createQueryJob('SELECT 1 AS one');
    await first.getQueryResults();
    for (let n = 0; n < 1005; n += 1) await other.bigquery.query({ query: 'SELECT 2', useLegacySql: false });
    expect(warnings).toEqual([expect.stringContaining('more than 1000 results')]);
    expect(await refusal(first.getQueryResults())).toMatchObject({ code: 404 });
    await other.close();
  });
});

describe('a read that waits for a connection', () => {
  it('leaves the queue when it is aborted', async () => {
    const database = await Database.open(undefined);
    const held = Promise.withResolvers<void>();
    const readers = [1, 2, 3].map(() => database.read(() => held.promise));
    const abort = new AbortController();
    const waiting = database.read(async () => 'read', abort.signal);
    const next = database.read(async () => 'next');
    abort.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    held.resolve();
    expect(await next).toBe('next');
    await Promise.all(readers);
    await database.close();
  });
});

describe('a connection whose transaction was aborted', () => {
  it.each<[string, (database: Database, sql: string) => Promise<unknown>]>([
    ['query', (database, sql) => database.read((connection) => connection.run(sql))],
    ['list of rows', (database, sql) => database.list(sql)],
    ['write', (database, sql) => database.write(({ connection }) => connection.run(sql))],
  ])('keeps no later %s from its answer', async (_, run) => {
    const database = await Database.open(undefined);
    for (let n = 0; n < 3; n += 1)
      await expect(run(database, 'SELECT * FROM nothing')).rejects.toThrow('nothing');
    for (let n = 0; n < 3; n += 1) await run(database, 'SELECT 1');
    await database.close();
  });
});

it('a query that is planned before a write reads no wrong value after it', async () => {
  const database = await Database.open(undefined);
  await database.write(({ connection }) => connection.run('CREATE TABLE t (name VARCHAR)'));
  await database.write(({ connection }) => connection.run('INSERT INTO t VALUES (NULL)'));
  const rows = await database.read(async (connection) => {
    const planned = await connection.prepare('SELECT name FROM t ORDER BY name');
    await database.write(({ connection }) => connection.run("INSERT INTO t VALUES ('Zoë')"));
    return rowsOf(await planned.run());
  });
  expect(rows).toEqual([[null]]);
  await database.close();
});

it('a row is found while a query sorts or joins many rows', async () => {
  const { client } = fixture;
  const [join] = await client.createQueryJob(
    'SELECT COUNT(*) AS n FROM d.t AS a JOIN d.t AS b ON a.id < b.id',
  );
  const params = { id: 'id7' };
  expect((await client.query({ query: 'SELECT id FROM d.t WHERE id = @id', params }))[0]).toEqual([params]);
  expect((await join.getMetadata())[0].status.state).toBe('RUNNING');
  await join.cancel();
});

it('a range of rows of a new table is found by its index, without reading the rows before', async () => {
  const database = await Database.open(undefined);
  const statistics = new Statistics(database);
  const table = {
    physicalName: 't1',
    fields: [{ name: 'id', type: 'STRING' as const, mode: 'NULLABLE' as const }],
  };
  await database.write(({ connection }) => connection.run('CREATE SCHEMA data'));
  const isIndexed = await database.build(async (connection) => {
    await connection.run('CREATE TABLE data.t1 AS SELECT range::VARCHAR AS id FROM range(10)');
    return (await statistics.count(connection, table)).isIndexed;
  });
  statistics.invalidate(table);
  const counted = await database.read((connection) => statistics.count(connection, table));
  await database.write(({ connection }) => connection.run("DELETE FROM data.t1 WHERE id = '0'"));
  statistics.invalidate(table);
  const afterDeletion = await database.read((connection) => statistics.count(connection, table));
  expect([isIndexed, counted.isIndexed, afterDeletion.isIndexed]).toEqual([true, true, false]);
  await database.close();
});

it('a list of rows waits for no query', async () => {
  const database = await Database.open(undefined);
  const held = Promise.withResolvers<void>();
  const queries = Array.from({ length: 10 }, () => database.read(() => held.promise));
  expect(await database.list("SELECT 'rows'")).toEqual([['rows']]);
  held.resolve();
  await Promise.all(queries);
  await database.close();
});

describe('a value that begins with U+FEFF', () => {
  it('comes out as it went in, and sorts by its bytes', async () => {
    const { bigquery, client } = fixture;
    const fields = [
      { name: 'id', type: 'STRING' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    ];
    await bigquery.insertTable('d', { tableReference: { tableId: 'bom' }, schema: { fields } });
    const row = { id: '\uFEFFb', tags: ['\uFEFF', '\uFEFF\uFEFFx'] };
    await client
      .dataset('d')
      .table('bom')
      .insert([{ id: '\uFFFD', tags: [] }, row]);
    await bigquery.appendRows({ ...TABLE, tableId: 'bom' }, [{ id: 'z', tags: [] }]);
    const sorted = [{ id: 'z', tags: [] }, row, { id: '\uFFFD', tags: [] }];
    expect((await client.query('SELECT * FROM d.bom ORDER BY id'))[0]).toEqual(sorted);
    expect((await client.dataset('d').table('bom').getRows())[0]).toContainEqual(row);
    const [found] = await client.query({
      query: 'SELECT LENGTH(id) AS n, @id = id AS same FROM d.bom WHERE id = @id',
      params: { id: row.id },
    });
    expect(found).toEqual([{ n: 2, same: true }]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

const MIB = 1024 * 1024;
const TABLE = { projectId: PROJECT, datasetId: 'd', tableId: 't' };
const FIELDS = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'n', type: 'INTEGER' },
];
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startBigQuery();
  await createTable(fixture);
});

const folders: string[] = [];

afterEach(async () => {
  await fixture.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function createTable({ bigquery }: Fixture): Promise<void> {
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  await bigquery.insertTable('d', { tableReference: { tableId: 't' }, schema: { fields: FIELDS } });
}

/** The current time, as a parameter, after the clock moves on by a second. */
async function later(): Promise<Date> {
  await fixture.clock.advance(1000);
  return new Date(fixture.clock.now());
}

const ids = async (from: string, params?: Record<string, unknown>) =>
  (await rowsOf(fixture.client, `SELECT id FROM APPENDS(TABLE ${from}) ORDER BY id`, params)).flat();

describe('APPENDS', () => {
  it('returns the rows of every kind of write within the range', async () => {
    const { bigquery, client } = fixture;
    await bigquery.appendRows(TABLE, [{ id: 'a' }]);
    const since = await later();
    await bigquery.appendRows(TABLE, [{ id: 'b' }]);
    await client
      .dataset('d')
      .table('t')
      .insert([{ id: 'c' }]);
    await client.query("INSERT INTO d.t (id) VALUES ('d'), ('e')");
    await client.query("INSERT INTO d.t SELECT 'f', 1");
    const [job] = await client.createQueryJob({
      query: "SELECT 'g' AS id, 2 AS n",
      destination: client.dataset('d').table('t'),
      writeDisposition: 'WRITE_APPEND',
    });
    await job.getQueryResults();
    const until = await later();
    await bigquery.appendRows(TABLE, [{ id: 'h' }]);

    expect(await ids('d.t')).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    expect(await ids('d.t, NULL, NULL')).toHaveLength(8);
    expect(await ids('d.t, @since', { since })).toEqual(['b', 'c', 'd', 'e', 'f', 'g', 'h']);
    expect(await ids(`\`${PROJECT}.d.t\`, @since, @until`, { since, until })).toEqual([
      'b',
      'c',
      'd',
      'e',
      'f',
      'g',
    ]);
    expect(await ids('d.t, TIMESTAMP_SUB(@until, INTERVAL 0 SECOND), NULL', { until })).toEqual(['h']);
  });

  it('takes the rows of a new destination table, and only the new ones after WRITE_TRUNCATE', async () => {
    const { client } = fixture;
    const destination = client.dataset('d').table('made');
    const write = async (id: string) => {
      const [job] = await client.createQueryJob({
        query: 'SELECT @id AS id',
        params: { id },
        destination,
        writeDisposition: 'WRITE_TRUNCATE',
      });
      await job.getQueryResults();
    };
    await write('a');
    expect(await ids('d.made')).toEqual(['a']);
    const since = await later();
    await write('b');
    expect(await ids('d.made, @since', { since })).toEqual(['b']);
  });

  it('has the kind and the time of each change, which no other query sees', async () => {
    const { bigquery, client, clock } = fixture;
    await bigquery.appendRows(TABLE, [{ id: 'a' }]);
    const [{ metadata }] = [
      await client
        .dataset('d')
        .table('t')
        .get()
        .then(([table]) => table),
    ];
    expect(
      await rowsOf(
        client,
        'SELECT id, _CHANGE_TYPE AS kind, UNIX_MILLIS(t._CHANGE_TIMESTAMP) AS ms FROM APPENDS(TABLE d.t) AS t',
      ),
    ).toEqual([['a', 'INSERT', Number(metadata.lastModifiedTime)]]);
    expect(Math.abs(Number(metadata.lastModifiedTime) - clock.now())).toBeLessThan(10);
    expect(metadata.schema.fields).toHaveLength(2);
    expect(metadata.numBytes).toBe('3');
    expect(await rowsOf(client, 'SELECT * FROM d.t')).toEqual([['a', null]]);
    expect((await client.dataset('d').table('t').getRows())[0]).toEqual([{ id: 'a', n: null }]);
    expect(await refusal(client.query('SELECT _CHANGE_TIMESTAMP AS ms FROM d.t'))).toMatchObject({
      message: expect.stringContaining('Unrecognized name: _CHANGE_TIMESTAMP'),
    });
  });

  it('keeps new columns apart from the commit time', async () => {
    const { bigquery } = fixture;
    await bigquery.insertTable('d', { tableReference: { tableId: 'bare' } });
    const fields = [{ name: 'id', type: 'STRING' }];
    await bigquery.patchTable('d', 'bare', { schema: { fields } });
    await bigquery.patchTable('d', 'bare', {
      schema: { fields: [...fields, { name: 'x', type: 'STRING' }] },
    });
    await bigquery.appendRows({ ...TABLE, tableId: 'bare' }, [{ id: 'a', x: 'b' }]);
    expect(await rowsOf(fixture.client, 'SELECT * FROM d.bare')).toEqual([['a', 'b']]);
    expect(await ids('d.bare')).toEqual(['a']);
  });

  it('is billed for the rows of the range, and for at least 10 MiB', async () => {
    const { bigquery, client } = fixture;
    await bigquery.appendRows(TABLE, [{ id: 'x'.repeat(9 * MIB) }, { id: 'y'.repeat(9 * MIB) }]);
    const since = await later();
    await bigquery.appendRows(TABLE, [{ id: 'abc', n: 1 }]);
    const billed = async (query: string) => {
      const [job] = await client.createQueryJob({ query, params: { since } });
      await job.getQueryResults();
      await job.getMetadata();
      const { totalBytesProcessed, totalBytesBilled } = job.metadata.statistics.query;
      return [Number(totalBytesProcessed), Number(totalBytesBilled)];
    };
    const FROM = 'FROM APPENDS(TABLE d.t, @since, NULL)';
    expect(await billed(`SELECT id ${FROM}`)).toEqual([5, 10 * MIB]);
    expect(await billed(`SELECT n, LENGTH(id) ${FROM}`)).toEqual([13, 10 * MIB]);
    expect(await billed(`SELECT COUNT(*) ${FROM}`)).toEqual([0, 0]);
    expect(await billed('SELECT LENGTH(id) FROM APPENDS(TABLE d.t) WHERE @since IS NOT NULL')).toEqual([
      18 * MIB + 9,
      19 * MIB,
    ]);
    expect(await billed(`SELECT a.n FROM d.t AS a JOIN (SELECT id ${FROM}) AS b ON a.id = b.id`)).toEqual([
      18 * MIB + 4 + 5 + 8 + 5,
      29 * MIB,
    ]);
  });

  it('finds what arrived since a list, without the records of the list', async () => {
    const { bigquery, client } = fixture;
    await bigquery.insertDataset({ datasetReference: { datasetId: 'scratch' } });
    await bigquery.appendRows(TABLE, [
      { id: 'a', n: 1 },
      { id: 'b', n: 1 },
    ]);
    for (const [tableId, id] of [
      ['one', 'a'],
      ['two', 'b'],
    ] as const) {
      const [job] = await client.createQueryJob({
        query: 'SELECT id, SUBSTR(MD5(id), 1, 8) AS fingerprint FROM d.t WHERE id = @id ORDER BY id',
        params: { id },
        destination: client.dataset('scratch').table(tableId),
      });
      await job.getQueryResults();
    }
    const since = await later();
    await bigquery.appendRows(TABLE, [
      { id: 'b', n: 1 },
      { id: 'c', n: 3 },
      { id: 'c', n: 2 },
    ]);
    const [job] = await client.createQueryJob({
      query: `SELECT id, n FROM APPENDS(TABLE \`${PROJECT}.d.t\`, @since, NULL)
        WHERE SUBSTR(MD5(id), 1, 8) NOT IN (
          SELECT fingerprint FROM \`${PROJECT}.scratch.one\` UNION ALL SELECT fingerprint FROM \`${PROJECT}.scratch.two\`)
        QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY n) = 1 ORDER BY id LIMIT 100001`,
      params: { since },
    });
    expect((await job.getQueryResults())[0]).toEqual([{ id: 'c', n: 2 }]);
    await job.getMetadata();
    // Three rows of 11 bytes, and one fingerprint of 10 bytes in each table of the list.
    expect(job.metadata.statistics.query.totalBytesProcessed).toBe(String(3 * 11 + 2 * 10));
    expect(job.metadata.statistics.query.totalBytesBilled).toBe(String(30 * MIB));
  });

  it.each([
    ['SELECT id FROM APPENDS(d.t)', 'Syntax error'],
    ['SELECT id FROM APPENDS(TABLE d.none)', 'Not found: Table records-local:d.none'],
    ["SELECT id FROM APPENDS(TABLE d.t, 'yesterday')", 'must be of type TIMESTAMP, but is of type STRING'],
    ['SELECT id FROM APPENDS(TABLE d.t, 5)', 'must be of type TIMESTAMP, but is of type INT64'],
    ['SELECT id FROM APPENDS(TABLE d.t, id)', 'Unrecognized name: id'],
    ['SELECT id FROM APPENDS(TABLE d.t, (SELECT TIMESTAMP(id) FROM d.t))', 'must be a constant'],
    ["SELECT id FROM APPENDS(TABLE d.t, TIMESTAMP '2020-01-01')", 'Cannot read before', 8],
    ['SELECT id FROM APPENDS(TABLE d.t)', 'Cannot read before', 8],
    ['SELECT _CHANGE_TYPE FROM APPENDS(TABLE d.t)', 'Invalid field name "_CHANGE_TYPE"'],
    ['SELECT * FROM APPENDS(TABLE d.t)', 'name the columns'],
    ['SELECT id FROM CHANGES(TABLE d.t)', 'Table function CHANGES is not supported'],
  ])('refuses %s', async (query, message, days = 0) => {
    await fixture.clock.advance(days * 24 * 60 * 60 * 1000);
    expect(await refusal(fixture.client.query(query))).toMatchObject({
      message: expect.stringContaining(message),
    });
  });
});

describe('a data file of an older version', () => {
  it('opens, and its rows count as appended then', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bigquery-'));
    folders.push(folder);
    const before = await startBigQuery({ path: folder });
    await createTable(before);
    await before.bigquery.appendRows(TABLE, [{ id: 'a', n: 1 }]);
    await before.close();
    const database = await DuckDBInstance.create(join(folder, 'bigquery.duckdb'));
    const connection = await database.connect();
    await connection.run('ALTER TABLE data.t1 DROP COLUMN "_CHANGE_TIMESTAMP"');
    await connection.run('CREATE TABLE data.t2 AS SELECT 1 AS left_by_a_killed_process');
    connection.closeSync();
    database.closeSync();
    await fixture.close();
    fixture = await startBigQuery({ path: folder });
    await fixture.bigquery.appendRows(TABLE, [{ id: 'b', n: 2 }]);
    expect(await ids('d.t')).toEqual(['a', 'b']);
    expect(await rowsOf(fixture.client, 'SELECT * FROM d.t ORDER BY id')).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    await fixture.bigquery.query({ query: 'CREATE TABLE d.next (x INT64)', useLegacySql: false });
  });
});

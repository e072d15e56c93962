import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database, readRows } from '../../src/bigquery/database.ts';
import { Versions } from '../../src/bigquery/versions.ts';
import { type Fixture, PROJECT, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';
import { call, refusedCall } from './support/rest.ts';

const HOUR = 3_600_000;

let fixture: Fixture;
let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'time-travel-'));
  fixture = await startBigQuery({ path });
  await run('CREATE SCHEMA d');
  await run("CREATE TABLE d.people AS SELECT 'a' AS id, 1 AS n UNION ALL SELECT 'b', 2");
});

afterEach(async () => {
  await fixture.close();
  await rm(path, { recursive: true });
});

const run = (query: string) => fixture.client.query(query);
const later = (hours: number) => fixture.clock.advance(hours * HOUR);

/** The rows as they were so many hours ago. */
function ago(hours: number, table = 'd.people'): Promise<unknown[][]> {
  const time = `TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ${hours * 60} MINUTE)`;
  return rowsOf(fixture.client, `SELECT id, n FROM ${table} FOR SYSTEM_TIME AS OF ${time} ORDER BY id`);
}

const BEFORE = [
  ['a', 1],
  ['b', 2],
];

describe('FOR SYSTEM_TIME AS OF', () => {
  it.each([
    ["INSERT INTO d.people VALUES ('c', 3)"],
    ["UPDATE d.people SET n = 10 WHERE id = 'a'"],
    ["DELETE FROM d.people WHERE id = 'a'"],
    ['TRUNCATE TABLE d.people'],
    ["MERGE d.people t USING (SELECT 'a' AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE"],
    ["CREATE OR REPLACE TABLE d.people AS SELECT 'z' AS id, 26 AS n"],
  ])('reads what was there before: %s', async (statement) => {
    await later(1);
    await run(statement);
    const now = await rowsOf(fixture.client, 'SELECT id, n FROM d.people ORDER BY id');
    expect(now).not.toEqual(BEFORE);
    await later(1);
    expect(await ago(1.5)).toEqual(BEFORE);
    expect(await ago(1)).toEqual(now);
    expect(await ago(0)).toEqual(now);
  });

  it('reads each of several states, also after a restart and after columns are dropped or the table is renamed', async () => {
    await later(1);
    await run("UPDATE d.people SET n = 10 WHERE id = 'a'");
    await later(1);
    await run("DELETE FROM d.people WHERE id = 'b'");
    await later(1);
    await run('ALTER TABLE d.people ADD COLUMN extra INT64');
    await run('ALTER TABLE d.people DROP COLUMN n');
    await run('ALTER TABLE d.people ADD COLUMN n INT64');
    await run('ALTER TABLE d.people RENAME TO persons');
    const { clock } = fixture;
    await fixture.close();
    fixture = await startBigQuery({ path });
    await fixture.clock.advance(clock.now() - fixture.clock.now());
    expect(await ago(2.5, 'd.persons')).toEqual(BEFORE);
    expect(await ago(1.5, 'd.persons')).toEqual([
      ['a', 10],
      ['b', 2],
    ]);
    expect(await ago(0.5, 'd.persons')).toEqual([['a', 10]]);
    expect(await ago(0, 'd.persons')).toEqual([['a', null]]);
  });

  it('restores a table over itself, and bills the rows of then', async () => {
    await later(1);
    await run('DELETE FROM d.people WHERE TRUE');
    await later(1);
    const query =
      'CREATE OR REPLACE TABLE d.people AS SELECT * FROM d.people FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 MINUTE)';
    const [job] = await fixture.client.createQueryJob(query);
    await job.promise();
    expect(await rowsOf(fixture.client, 'SELECT id, n FROM d.people ORDER BY id')).toEqual(BEFORE);
    expect((await job.getMetadata())[0].statistics.totalBytesProcessed).toBe('22');
  });

  it('refuses a time in the future, before the table, or more than seven days ago, and other things than tables', async () => {
    const at = (time: string, table = 'd.people') =>
      refusal(run(`SELECT COUNT(*) FROM ${table} FOR SYSTEM_TIME AS OF ${time}`)).then(
        ({ message }) => message,
      );
    const hours = (count: number) => `TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ${count} HOUR)`;
    expect(await at(hours(-1))).toContain('Cannot read after');
    expect(await at(hours(1))).toContain('Cannot read before');
    await later(24 * 8);
    expect(await at(hours(24 * 7 + 1))).toContain('Cannot read before');
    expect(await at('NULL')).toContain('must not be NULL');
    expect(await at('1')).toContain('must be of type TIMESTAMP, but is of type INT64');
    await run('CREATE VIEW d.v AS SELECT id FROM d.people');
    expect(await at(hours(0), 'd.v')).toContain('can only be used with a table');
  });

  it('copies a deleted table as it was before, by a time in its name', async () => {
    await later(1);
    await run("INSERT INTO d.people VALUES ('c', 3)");
    await later(1);
    await run('DROP TABLE d.people');
    await later(1);
    const dataset = fixture.client.dataset('d');
    await dataset.table('people@-9000000').copy(dataset.table('people'));
    expect(await rowsOf(fixture.client, 'SELECT id, n FROM d.people ORDER BY id')).toEqual(BEFORE);
    expect((await refusal(dataset.table('people@-99000000').copy(dataset.table('x')))).message).toContain(
      'Cannot read before',
    );
  });

  it('says so where it keeps no history: of tables that expire', async () => {
    await run(
      'CREATE TABLE d.brief OPTIONS(expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 5 HOUR)) AS SELECT 1 AS n',
    );
    await later(1);
    await run('UPDATE d.brief SET n = 2 WHERE TRUE');
    await later(1);
    const at = (minutes: number) =>
      run(
        `SELECT n FROM d.brief FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ${minutes} MINUTE)`,
      );
    expect((await refusal(at(90))).message).toContain('keeps only some of the history');
    const { clock } = fixture;
    await fixture.close();
    fixture = await startBigQuery({ path });
    await fixture.clock.advance(clock.now() - fixture.clock.now());
    expect((await refusal(at(90))).message).toContain('keeps only some of the history');
    expect((await at(30))[0]).toEqual([{ n: 2 }]);
  });
});

describe('history', () => {
  it('has its bound also within one transaction', async () => {
    const database = await Database.open(undefined);
    const versions = new Versions();
    const [projectId, datasetId, now] = ['p', 'd', 1];
    await database.write(async (transaction) => {
      await transaction.connection.run('CREATE SCHEMA catalog');
      await versions.load(transaction.connection, now);
      for (let id = 1; id <= 205; id += 1) {
        const reference = { projectId, datasetId, tableId: `t${id}` };
        const times = { creationTime: now, lastModifiedTime: now };
        const table = { reference, physicalName: `t${id}`, fields: [], properties: {}, ...times };
        await versions.keep(transaction, { table, until: now, bytes: 0 }, now);
      }
    });
    expect(versions.tables().map(({ physicalName }) => physicalName)).toEqual(
      Array.from({ length: 200 }, (_, index) => `t${index + 6}`),
    );
    await database.close();
  });

  it('is forgotten when it is too old, although nothing is written', async () => {
    await run('CREATE SCHEMA e');
    await run('CREATE TABLE e.t (n INT64)');
    await run('DROP SCHEMA e CASCADE');
    await later(24 * 7 + 1);
    await run('SELECT 1');
    await fixture.close();
    const database = await Database.open(path);
    const kept =
      'SELECT (SELECT count(*) FROM catalog.versions), (SELECT count(*) FROM catalog.deleted_datasets)';
    expect(await database.read((connection) => readRows(connection, kept))).toEqual([[0n, 0n]]);
    await database.close();
    fixture = await startBigQuery({ path });
  });
});

describe('a deleted dataset', () => {
  const people = () => rowsOf(fixture.client, 'SELECT id, n FROM d.people ORDER BY id');

  it('is restored with its rows, views, functions, properties and grants, also after a restart', async () => {
    const member = 'reader@example.com';
    const access = [{ role: 'READER', userByEmail: member }];
    await fixture.bigquery.patchDataset('d', { description: 'kept', labels: { a: 'b' }, access });
    await run('CREATE VIEW d.v AS SELECT id FROM d.people');
    await run('CREATE FUNCTION d.twice(x INT64) AS (x * 2)');
    const before = await fixture.bigquery.getDataset('d');
    await later(1);
    await run('DROP SCHEMA d CASCADE');
    expect(await refusal(people())).toMatchObject({ code: 404 });
    const { clock } = fixture;
    await fixture.close();
    fixture = await startBigQuery({ path });
    await fixture.clock.advance(clock.now() - fixture.clock.now());
    await later(100);
    const restored = await call(fixture, 'POST', 'datasets/d:undelete');
    const { creationTime, description, labels } = before;
    expect(before.access).toContainEqual(access[0]);
    expect(restored.status).toBe(200);
    expect(restored.body).toMatchObject({ creationTime, description, labels, access: before.access });
    expect(await people()).toEqual(BEFORE);
    expect(await rowsOf(fixture.client, 'SELECT MAX(id), d.twice(2) FROM d.v')).toEqual([['b', 4]]);
    await run("INSERT INTO d.people VALUES ('c', 3)");
    expect(await ago(0.5)).toEqual(BEFORE);
  });

  it('is the last one of its id, or the one that was deleted at a time', async () => {
    await run('DROP SCHEMA d CASCADE');
    const first = new Date(fixture.clock.now()).toISOString();
    await later(1);
    await run('CREATE SCHEMA d');
    expect(await refusal(run('UNDROP SCHEMA d'))).toMatchObject({ reason: 'duplicate' });
    await run('UNDROP SCHEMA IF NOT EXISTS d');
    await run('DROP SCHEMA d');
    await run('UNDROP SCHEMA d');
    expect(await fixture.bigquery.listTables('d')).toEqual([]);
    await run('DROP SCHEMA d');
    await call(fixture, 'POST', 'datasets/d:undelete', { deletionTime: first });
    expect(await people()).toEqual(BEFORE);
  });

  it('shows nothing of its tables to a new dataset with its id', async () => {
    await later(1);
    await run('DROP SCHEMA d CASCADE');
    await later(1);
    await run('CREATE SCHEMA d');
    await later(1);
    const dataset = fixture.client.dataset('d');
    const { message } = await refusal(dataset.table('people@-9000000').copy(dataset.table('people')));
    expect(message).toContain('Cannot read before');
  });

  it('is not restored with the rows of another table, which has the name of a lost one in DuckDB', async () => {
    await run('DROP SCHEMA d CASCADE');
    await fixture.close();
    const database = await Database.open(path);
    await database.write(({ connection }) => connection.run('DELETE FROM catalog.versions'));
    await database.close();
    fixture = await startBigQuery({ path });
    await later(1);
    await run('CREATE SCHEMA e');
    await run('CREATE TABLE e.other AS SELECT 1 AS x');
    await run('DROP TABLE e.other');
    expect((await refusal(run('UNDROP SCHEMA d'))).message).toContain(
      `the rows of ${PROJECT}:d.people are not kept any more`,
    );
  });

  it('is gone after the time of its time travel', async () => {
    await run('ALTER SCHEMA d SET OPTIONS(max_time_travel_hours = 48)');
    await run('DROP SCHEMA d CASCADE');
    await later(49);
    const undelete = (body?: object) => refusedCall(call(fixture, 'POST', 'datasets/d:undelete', body));
    expect(await undelete()).toMatchObject({ status: 404 });
    const wrong = await undelete({ deletionTime: 'yesterday' });
    expect(wrong).toMatchObject({ status: 400, message: expect.stringContaining('deletionTime: yesterday') });
  });
});

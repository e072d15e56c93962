import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, LOCATION, PROJECT, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';
import { call } from './support/rest.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
});

afterAll(() => fixture.close());

const rows = (query: string) => rowsOf(fixture.client, query);
const run = async (query: string) => {
  const [job] = await fixture.client.createQueryJob(query);
  await job.getQueryResults();
  const [metadata] = await job.getMetadata();
  return metadata.statistics.query;
};

describe('a function in SQL', () => {
  it('is created, replaced, called and dropped, and the job says what it did', async () => {
    const ddlTargetRoutine = { projectId: PROJECT, datasetId: 'd', routineId: 'twice' };
    expect(await run('CREATE FUNCTION d.twice(x INT64) AS (x * 2)')).toMatchObject({
      ...{ statementType: 'CREATE_FUNCTION', ddlOperationPerformed: 'CREATE', ddlTargetRoutine },
    });
    expect((await refusal(run('CREATE FUNCTION d.twice(x INT64) AS (x)'))).reason).toBe('duplicate');
    expect(await run('CREATE FUNCTION IF NOT EXISTS d.twice(x INT64) AS (x)')).toMatchObject({
      ddlOperationPerformed: 'SKIP',
    });
    const path = `${PROJECT}.d.twice`;
    const calls = `SELECT d.twice(n), \`${path}\`(n + 1), d.twice(d.twice(1)) FROM UNNEST([1, 2]) AS n ORDER BY n`;
    expect(await rows(calls)).toEqual([
      [2, 4, 4],
      [4, 6, 4],
    ]);
    await run(
      "CREATE OR REPLACE FUNCTION d.twice(x INT64) RETURNS FLOAT64 OPTIONS(description='t') AS (x * 2)",
    );
    expect(await rows('SELECT d.twice(1) / 4')).toEqual([[0.5]]);
    expect(await fixture.bigquery.getRoutine('d', 'twice')).toMatchObject({
      ...{ description: 't', definitionBody: 'x * 2', returnType: { typeKind: 'FLOAT64' } },
    });
    expect(await run('DROP FUNCTION d.twice')).toMatchObject({
      ddlOperationPerformed: 'DROP',
      ddlTargetRoutine,
    });
    expect((await refusal(rows('SELECT d.twice(1)'))).message).toBe('Function not found: d.twice at [1:8]');
    expect(await run('DROP FUNCTION IF EXISTS d.twice')).toMatchObject({ ddlOperationPerformed: 'SKIP' });
  });

  it('sees its parameters and stored tables only, and computes an argument once', async () => {
    await run("CREATE TABLE d.people AS SELECT 'a' AS id, 1 AS n UNION ALL SELECT 'b', 2");
    await run('CREATE FUNCTION d.above(least INT64) AS ((SELECT COUNT(*) FROM d.people WHERE n >= least))');
    expect(await rows('SELECT id, d.above(n) FROM d.people ORDER BY id')).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    const [job] = await fixture.client.createQueryJob('SELECT d.above(2)');
    await job.getQueryResults();
    expect((await job.getMetadata())[0].statistics.query.referencedTables).toEqual([
      { projectId: PROJECT, datasetId: 'd', tableId: 'people' },
    ]);
    const hidden = rows('CREATE TEMP FUNCTION leak() AS (n); SELECT leak() FROM d.people');
    expect((await refusal(hidden)).message).toContain('Unrecognized name: n');
    expect(await rows('CREATE TEMP FUNCTION same(x FLOAT64) AS (x = x); SELECT same(RAND())')).toEqual([
      [true],
    ]);
    const mod = 'CREATE TEMP FUNCTION odd(x INT64) AS (MOD(x, 2) = 1);';
    expect(await rows(`${mod} SELECT odd(n), SUM(n) FROM d.people GROUP BY odd(n) ORDER BY 1`)).toEqual([
      [false, 2],
      [true, 1],
    ]);
    expect((await refusal(rows('SELECT d.above(n), SUM(n) FROM d.people'))).message).toContain(
      'neither grouped',
    );
  });

  it('is temporary in a query or a script, with parameters of any type', async () => {
    const functions = `CREATE TEMP FUNCTION larger(a ANY TYPE, b ANY TYPE) AS (IF(a > b, a, b));
      CREATE TEMP FUNCTION largest(a ANY TYPE, b ANY TYPE, c ANY TYPE) AS (larger(larger(a, b), c));`;
    expect(await run(`${functions} SELECT largest(1, 2.5, 2)`)).toMatchObject({ statementType: 'SELECT' });
    expect(await rows(`${functions} SELECT largest(1, 2.5, 2), largest('a', 'c', 'b')`)).toEqual([
      [2.5, 'c'],
    ]);
    expect(await rows(`DECLARE x INT64 DEFAULT 4; ${functions} SELECT largest(1, x, 2)`)).toEqual([[4]]);
    expect((await refusal(rows('SELECT larger(1, 2)'))).message).toContain('LARGER');
  });

  it.each([
    ['CREATE FUNCTION d.x(a INT64) AS (a || [1])', 'No matching signature for operator ||'],
    ['CREATE FUNCTION d.x(a INT64, A INT64) AS (a)', 'Duplicate parameter name: a'],
    ["CREATE FUNCTION d.x() RETURNS INT64 AS ('a')", 'the function body produces incompatible type STRING'],
    ['CREATE FUNCTION d.x(a INT64) AS (d.x(a))', 'Function not found: d.x'],
    ['CREATE TEMP FUNCTION f(a INT64) AS (a)', 'must be followed by an actual query'],
    [
      "CREATE TEMP FUNCTION f(a INT64) AS (a); SELECT f('x')",
      'argument types: STRING. Supported signature: f(INT64)',
    ],
    ['CREATE TEMP FUNCTION f(a INT64) AS (a); SELECT f(1, 2)', 'argument types: INT64, INT64'],
    [
      'CREATE TEMP FUNCTION f(a INT64) AS (SUM(a)); SELECT f(1)',
      'Aggregate function SUM not allowed in function f',
    ],
  ])('%s is refused', async (query, message) => {
    expect((await refusal(rows(query))).message).toContain(message);
  });

  it('keeps its dataset from being dropped without CASCADE', async () => {
    await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'used' } });
    await run('CREATE FUNCTION used.one() AS (1)');
    expect((await refusal(run('DROP SCHEMA used'))).reason).toBe('resourceInUse');
    await run('DROP SCHEMA used CASCADE');
    await run('CREATE SCHEMA used');
    expect(await fixture.bigquery.listRoutines('used')).toEqual([]);
  });
});

describe('routines of the REST API', () => {
  it('are made, listed, read, updated and deleted by Google’s client', async () => {
    const dataset = fixture.client.dataset('d', { location: LOCATION });
    const x = { name: 'x', dataType: { typeKind: 'INT64' as const } };
    const routine = dataset.routine('thrice');
    await dataset.createRoutine('thrice', {
      ...{ arguments: [x], definitionBody: 'x * 3', routineType: 'SCALAR_FUNCTION' },
      returnType: { typeKind: 'INT64' },
    });
    expect(await rows('SELECT d.thrice(2)')).toEqual([[6]]);
    expect((await routine.exists())[0]).toBe(true);
    expect((await dataset.getRoutines())[0].map(({ id }) => id)).toContain('thrice');
    await routine.setMetadata({ description: 'three times' });
    expect(routine.metadata).toMatchObject({ description: 'three times', language: 'SQL' });
    const masked = await call(fixture, 'GET', 'datasets/d/routines/thrice?readMask=definitionBody');
    expect(masked.body).toEqual({ definitionBody: 'x * 3' });
    const none = await call(fixture, 'GET', 'datasets/d/routines?filter=routineType:PROCEDURE');
    expect(none).toMatchObject({ status: 200, body: {} });
    await routine.delete();
    expect((await call(fixture, 'GET', 'datasets/d/routines/thrice')).status).toBe(404);
  });

  it.each([
    [{ language: 'JAVASCRIPT', definitionBody: 'return 1' }, 'language: JAVASCRIPT is not supported'],
    [{ routineType: 'PROCEDURE' }, 'routineType: PROCEDURE is not supported'],
    [{ definitionBody: 'y' }, 'Unrecognized name: y'],
    [{ definitionBody: undefined }, 'missing: definitionBody'],
    [
      { arguments: [{ name: 'a', dataType: { typeKind: 'GEOGRAPHY' } }] },
      'arguments[0].dataType.typeKind: GEOGRAPHY',
    ],
  ])('with %j are refused', async (extra, message) => {
    const body = {
      routineReference: { routineId: 'r' },
      routineType: 'SCALAR_FUNCTION',
      definitionBody: '1',
    };
    const answer = await call(fixture, 'POST', 'datasets/d/routines', { ...body, ...extra });
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringContaining(message)]);
  });
});

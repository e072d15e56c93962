import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  const { client } = fixture;
  await client.query('CREATE SCHEMA d');
  await client.query("CREATE TABLE d.people AS SELECT 'a' AS id, 1 AS n UNION ALL SELECT 'b', 2");
});

afterAll(() => fixture.close());

const rows = (query: string, params?: Record<string, unknown>) => rowsOf(fixture.client, query, params);

/** Runs a script and returns its job and the jobs of its parts, the first first. */
async function run(query: string) {
  const [job] = await fixture.client.createQueryJob(query);
  await job.getQueryResults();
  const [{ statistics }] = await job.getMetadata();
  const [children] = await fixture.client.getJobs({ parentJobId: job.id ?? '' });
  return { job, statistics, children: children.map(({ metadata }) => metadata).reverse() };
}

// https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language
const scripts: readonly (readonly [sql: string, rows: unknown[][], params?: Record<string, unknown>])[] = [
  ['SELECT 1; SELECT 2;', [[2]]],
  ["DECLARE x INT64; DECLARE y, z STRING DEFAULT 'é'; SELECT x, y, z", [[null, 'é', 'é']]],
  ['DECLARE x DEFAULT (SELECT MAX(n) FROM d.people); SET x = x * 10; SELECT x, x + 1', [[20, 21]]],
  ['DECLARE a INT64; DECLARE b FLOAT64; SET (a, b) = (1, 2); SELECT a, b / 4', [[1, 0.5]]],
  [
    "DECLARE a ARRAY<INT64> DEFAULT [1, 2]; DECLARE s STRUCT<k STRING>; SET s = STRUCT('v'); SELECT a, s.k",
    [[[1, 2], 'v']],
  ],
  ["DECLARE d DATE DEFAULT '2020-01-02'; SELECT d", [['2020-01-02']]],
  [
    "DECLARE x INT64 DEFAULT 5; IF x > 9 THEN SELECT 'a'; ELSEIF x > 4 THEN SELECT 'b'; ELSE SELECT 'c'; END IF;",
    [['b']],
  ],
  ["IF NULL THEN SELECT 'a'; ELSE SELECT 'c'; END IF", [['c']]],
  ['DECLARE x INT64 DEFAULT 1; BEGIN DECLARE y INT64 DEFAULT 2; SET x = y; END; SELECT x', [[2]]],
  // A column comes before a variable of its name.
  ["DECLARE n INT64 DEFAULT 9; SELECT n, @p FROM d.people WHERE id = 'b'", [[2, 'p']], { p: 'p' }],
  ["DECLARE who STRING DEFAULT 'b'; SELECT n FROM d.people WHERE id = who", [[2]]],
  [
    'CREATE TABLE d.t (n INT64); INSERT INTO d.t VALUES (1), (2); UPDATE d.t SET n = n + 1 WHERE TRUE; SELECT SUM(n) FROM d.t; DROP TABLE d.t; SELECT COUNT(*) FROM d.people',
    [[2]],
  ],
];

describe('a script', () => {
  it.each(scripts.map((each) => [each[0], each] as const))('%s', async (_, [sql, expected, params]) => {
    expect(await rows(sql, params)).toEqual(expected);
  });

  it('is a job with a job for each statement and for each expression that reads a table', async () => {
    const { job, statistics, children } = await run(
      'DECLARE x INT64 DEFAULT (SELECT MAX(n) FROM d.people);\nSET x = x + 1;\nSELECT x;\nSELECT id FROM d.people\n  WHERE n < x',
    );
    expect(statistics).toMatchObject({
      numChildJobs: '3',
      query: { statementType: 'SCRIPT', totalBytesBilled: String(2 * 10 * 1024 * 1024) },
    });
    expect(
      children.map(({ statistics: { scriptStatistics, query } }) => [
        scriptStatistics.evaluationKind,
        query.statementType,
        query.totalBytesBilled,
        scriptStatistics.stackFrames[0].text,
      ]),
    ).toEqual([
      ['EXPRESSION', 'SELECT', '10485760', '(SELECT MAX(n) FROM d.people)'],
      ['STATEMENT', 'SELECT', '0', 'SELECT x'],
      ['STATEMENT', 'SELECT', '10485760', 'SELECT id FROM d.people\n  WHERE n < x'],
    ]);
    expect(children[2].statistics).toMatchObject({
      parentJobId: job.id,
      scriptStatistics: { stackFrames: [{ startLine: 4, startColumn: 1, endLine: 5, endColumn: 13 }] },
    });
    const [result] = await fixture.client.job(children[1].jobReference.jobId).getQueryResults();
    expect(result).toEqual([{ x: 3 }]);
    const [all] = await fixture.client.getJobs();
    expect(all.map(({ id }) => id)).toContain(job.id);
    expect(all.some(({ metadata }) => metadata.statistics.parentJobId)).toBe(false);
  });

  it('says what its last statement changed', async () => {
    await run('CREATE OR REPLACE TABLE d.t AS SELECT 1 AS n; SELECT 1; INSERT INTO d.t VALUES (2), (3)');
    const { statistics } = await run('SELECT 1; DELETE FROM d.t WHERE n > 1');
    expect(statistics.query).toMatchObject({ numDmlAffectedRows: '2', dmlStats: { deletedRowCount: '2' } });
    expect(statistics.query).not.toHaveProperty('ddlTargetTable');
  });

  it('stops at the first statement that fails, with its error and what was done before', async () => {
    const error = await refusal(
      rows('CREATE OR REPLACE TABLE d.t AS SELECT 1 AS n;\nSELECT 1 / 0;\nDROP TABLE d.t'),
    );
    expect(error).toMatchObject({ reason: 'invalidQuery', message: 'division by zero: 1.0 / 0.0' });
    expect(await rows('SELECT n FROM d.t')).toEqual([[1]]);
    expect(await refusal(rows('CREATE OR REPLACE TABLE d.t AS SELECT 2 AS n;\nSELEC'))).toMatchObject({
      message: 'Syntax error: Unexpected identifier "SELEC" at [2:1]',
    });
    expect(await rows('SELECT n FROM d.t')).toEqual([[1]]);
  });

  it('runs nothing as a dry run, and takes no destination table', async () => {
    const [job] = await fixture.client.createQueryJob({
      query: 'SELECT 1; DROP TABLE d.people',
      dryRun: true,
    });
    expect(job.metadata.statistics.query).toMatchObject({ statementType: 'SCRIPT', totalBytesBilled: '0' });
    expect(await rows('SELECT COUNT(*) FROM d.people')).toEqual([[2]]);
    const destination = fixture.client.dataset('d').table('result');
    const refused = await refusal(
      fixture.client
        .createQueryJob({ query: 'SELECT 1; SELECT 2', destination })
        .then(([made]) => made.promise()),
    );
    expect(refused.message).toContain('destinationTable cannot be set for scripts');
  });
});

const refusals: readonly (readonly [sql: string, message: string])[] = [
  [
    'SELECT 1; DECLARE x INT64',
    'Variable declarations are allowed only at the start of a block or script at [1:11]',
  ],
  ['DECLARE x INT64; BEGIN DECLARE X INT64; END', "Variable 'X' redeclaration at [1:32]"],
  ['SET x = 1', 'Undeclared variable: x at [1:5]'],
  ["DECLARE x INT64 DEFAULT 'a'", 'Cannot coerce expression of type STRING to type INT64 at [1:25]'],
  ['IF 1 THEN SELECT 1; END IF', 'Cannot coerce expression of type INT64 to type BOOL at [1:4]'],
  ['DECLARE x INT64; SELECT y', 'Unrecognized name: y at [1:25]'],
  ['IF TRUE THEN SELECT 1; END', 'Syntax error: Expected keyword IF but got end of script at [1:27]'],
  ['SELECT 1 SELECT 2', 'Syntax error: Expected end of input but got keyword SELECT at [1:10]'],
  ["EXECUTE IMMEDIATE 'SELECT 1'", 'Statement EXECUTE is not supported by the local BigQuery at [1:1]'],
  [
    'BEGIN TRANSACTION; COMMIT TRANSACTION',
    'Statement BEGIN TRANSACTION is not supported by the local BigQuery at [1:1]',
  ],
  [
    'BEGIN SELECT 1; EXCEPTION WHEN ERROR THEN SELECT 2; END',
    'BEGIN with EXCEPTION is not supported by the local BigQuery at [1:17]',
  ],
  [
    'SELECT 1; WHILE TRUE DO SELECT 1; END WHILE',
    'Statement WHILE is not supported by the local BigQuery at [1:11]',
  ],
];

describe('a script that is refused', () => {
  it.each(refusals)('%s', async (query, message) => {
    expect(await refusal(rows(query))).toEqual({ code: 400, message, reason: 'invalidQuery' });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, LOCATION, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

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

// The loops, handlers and dynamic statements of the same page.
const procedures: typeof scripts = [
  [
    'DECLARE x INT64 DEFAULT 0; LOOP SET x = x + 1; IF x >= 10 THEN LEAVE; END IF; END LOOP; SELECT x',
    [[10]],
  ],
  ["EXECUTE IMMEDIATE 'CREATE TEMP FUNCTION twice(n INT64) AS (n * 2)'; SELECT twice(4)", [[8]]],
  ['DECLARE x INT64 DEFAULT 0; WHILE x < 3 DO SET x = x + 1; END WHILE; SELECT x', [[3]]],
  ['DECLARE x INT64 DEFAULT 0; WHILE NULL DO SET x = 9; END WHILE; SELECT x', [[0]]],
  ['DECLARE x INT64 DEFAULT 5; REPEAT SET x = x + 1; UNTIL x > 3 END REPEAT; SELECT x', [[6]]],
  [
    "DECLARE s STRING DEFAULT ''; FOR r IN (SELECT id, n FROM d.people ORDER BY id DESC) DO SET s = CONCAT(s, r.id, CAST(r.n AS STRING)); END FOR; SELECT s",
    [['b2a1']],
  ],
  [
    'DECLARE n2 INT64 DEFAULT 0; FOR r IN (SELECT 1 AS x FROM d.people WHERE FALSE) DO SET n2 = 1; END FOR; SELECT n2',
    [[0]],
  ],
  [
    'DECLARE s INT64 DEFAULT 0; FOR r IN (SELECT x FROM UNNEST([1, 2, 3, 4]) AS x ORDER BY x) DO IF r.x = 2 THEN CONTINUE; END IF; IF r.x = 4 THEN BREAK; END IF; SET s = s + r.x; END FOR; SELECT s',
    [[4]],
  ],
  [
    'DECLARE x, y INT64 DEFAULT 0; outer1: LOOP SET x = x + 1; WHILE TRUE DO SET y = y + 1; IF x < 3 THEN ITERATE outer1; END IF; LEAVE outer1; END WHILE; END LOOP outer1; SELECT x, y',
    [[3, 3]],
  ],
  ['DECLARE x INT64 DEFAULT 1; here: BEGIN SET x = 2; LEAVE here; SET x = 3; END here; SELECT x', [[2]]],
  ['DECLARE x INT64 DEFAULT 0; REPEAT SET x = x + 1; CONTINUE; UNTIL x = 2 END REPEAT; SELECT x', [[2]]],
  [
    "DECLARE x INT64 DEFAULT 2; CASE x WHEN 1 THEN SELECT 'a'; WHEN 2 THEN SELECT 'b'; ELSE SELECT 'c'; END CASE",
    [['b']],
  ],
  ["CASE 5 WHEN 1 THEN SELECT 'a'; ELSE SELECT 'c'; END CASE", [['c']]],
  ["CASE WHEN FALSE THEN SELECT 'a'; WHEN TRUE THEN SELECT 'b'; END CASE", [['b']]],
  ['SELECT 1; RETURN; SELECT 2', [[1]]],
  ['SELECT 1; BEGIN LOOP RETURN; END LOOP; END; SELECT 2', [[1]]],
  // https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#beginexceptionend
  [
    'BEGIN SELECT 1; SELECT 1 / 0; EXCEPTION WHEN ERROR THEN SELECT @@error.message, @@error.statement_text, @@error.stack_trace[0].line; END',
    [['division by zero: 1.0 / 0.0', 'SELECT 1 / 0', 1]],
  ],
  [
    "BEGIN RAISE USING MESSAGE = 'é'; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END",
    [['é at [1:7]']],
  ],
  [
    "BEGIN BEGIN RAISE USING MESSAGE = 'in'; EXCEPTION WHEN ERROR THEN RAISE; END; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END",
    [['in at [1:13]']],
  ],
  [
    'BEGIN DECLARE x INT64; SELECT 1 / 0; EXCEPTION WHEN ERROR THEN BEGIN DECLARE x STRING DEFAULT "b"; SELECT x; END; END',
    [['b']],
  ],
  ['SELECT 1; SELECT @@error.message', [[null]]],
  // https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#execute_immediate
  ["EXECUTE IMMEDIATE 'SELECT 1'", [[1]]],
  ["EXECUTE IMMEDIATE 'SELECT ? + ?' USING 1, 2.5", [[3.5]]],
  [
    "DECLARE x INT64 DEFAULT 3; EXECUTE IMMEDIATE 'SELECT @a || @b' USING 'a' AS b, CAST(x AS STRING) AS a",
    [['3a']],
  ],
  [
    "DECLARE a FLOAT64; DECLARE b STRING; EXECUTE IMMEDIATE CONCAT('SELECT n, id FROM d.people ', 'WHERE id = ?') INTO a, b USING 'b'; SELECT a / 4, b",
    [[0.5, 'b']],
  ],
  [
    "DECLARE a INT64 DEFAULT 1; EXECUTE IMMEDIATE 'SELECT 2 FROM d.people WHERE FALSE' INTO a; SELECT a",
    [[null]],
  ],
  ["EXECUTE IMMEDIATE 'CREATE OR REPLACE TABLE d.made AS SELECT 1 AS n'; SELECT n FROM d.made", [[1]]],
  // https://docs.cloud.google.com/bigquery/docs/multi-statement-queries#temporary_tables
  [
    'CREATE TEMP TABLE t1 AS SELECT 1 AS n; INSERT INTO t1 VALUES (2); UPDATE t1 SET n = n * 10 WHERE n = 2; DELETE FROM _SESSION.t1 WHERE n = 1; SELECT n FROM t1',
    [[20]],
  ],
  [
    'CREATE TEMPORARY TABLE people (n INT64); SELECT COUNT(*), (SELECT COUNT(*) FROM d.people) FROM people',
    [[0, 2]],
  ],
  [
    'CREATE TEMP TABLE t1 AS SELECT 1 AS n; CREATE OR REPLACE TEMP TABLE t1 AS SELECT n + 1 AS m FROM t1; SELECT m FROM t1',
    [[2]],
  ],
  [
    'CREATE TEMP TABLE t1 AS SELECT 1 AS n; CREATE TEMP TABLE IF NOT EXISTS t1 AS SELECT 2 AS n; SELECT n FROM t1',
    [[1]],
  ],
  // https://docs.cloud.google.com/bigquery/docs/reference/system-variables
  ['CREATE TEMP TABLE t1 (n INT64); INSERT INTO t1 VALUES (1), (2); SELECT @@row_count', [[2]]],
  [
    'SELECT 1; SELECT @@project_id, @@dataset_id, @@time_zone, @@script.num_child_jobs, @@script.job_id = @@current_job_id, @@location',
    [['records-local', null, 'UTC', 2, false, 'southamerica-west1']],
  ],
  ["SET @@dataset_id = 'd'; SELECT COUNT(*), @@dataset_id FROM people", [[2, 'd']]],
  ["SET @@time_zone = 'UTC'; SELECT 1", [[1]]],
  ["ASSERT (SELECT COUNT(*) FROM d.people) = 2 AS 'two'; SELECT 1", [[1]]],
];

describe('a script', () => {
  it.each([...scripts, ...procedures].map((each) => [each[0], each] as const))(
    '%s',
    async (_, [sql, expected, params]) => {
      expect(await rows(sql, params)).toEqual(expected);
    },
  );

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

  it('is deleted with its jobs', async () => {
    const { job, children } = await run('SELECT 1; SELECT 2');
    await job.delete();
    expect(children).toHaveLength(2);
    for (const { jobReference } of children) {
      const child = fixture.client.job(jobReference.jobId, { location: LOCATION });
      expect(await refusal(child.getMetadata())).toMatchObject({ code: 404 });
    }
  });

  it('keeps its last 500 jobs, and their rows', async () => {
    const [job] = await fixture.client.createQueryJob(
      `DECLARE x INT64 DEFAULT 0; SELECT 'first'; ${waitFor('seen')} REPEAT SET x = x + 1; SELECT x; UNTIL x = 500 END REPEAT`,
    );
    const kept = async () => (await fixture.client.getJobs({ parentJobId: job.id ?? '' }))[0].toReversed();
    // The first has ended when there is a second.
    let jobs = await kept();
    while (jobs.length < 2) jobs = await kept();
    const [first] = (await jobs[0]?.getMetadata()) ?? [];
    const { datasetId, tableId } = first.configuration.query.destinationTable;
    const rowsOfFirst = () => fixture.client.dataset(datasetId).table(tableId).getRows();
    expect((await rowsOfFirst())[0]).toEqual([{ f0_: 'first' }]);
    await fixture.client.query('CREATE TABLE d.seen (n INT64)');
    await job.getQueryResults();
    const last = await kept();
    expect(last).toHaveLength(500);
    expect((await last[0]?.getQueryResults())?.[0]).toEqual([{ x: 1 }]);
    expect(await refusal(rowsOfFirst())).toMatchObject({ code: 404 });
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
  [
    'IF TRUE THEN DECLARE x INT64; END IF',
    'Variable declarations are allowed only at the start of a block or script at [1:14]',
  ],
  ['BREAK', 'BREAK without label is only allowed inside of a loop body at [1:1]'],
  ['BEGIN ITERATE; END', 'ITERATE is only allowed inside of a loop body at [1:7]'],
  ['LOOP LEAVE x; END LOOP', 'Label x does not exist or is out of scope at [1:6]'],
  ['x: BEGIN CONTINUE x; END', 'CONTINUE with label must refer to a loop at [1:10]'],
  ['x: LOOP x: LOOP BREAK; END LOOP; END LOOP', 'Label x already exists at [1:9]'],
  ['x: LOOP BREAK; END LOOP y', 'Mismatched end label; expected x, got y at [1:25]'],
  ['RAISE', 'Cannot re-raise an existing exception outside of an exception handler at [1:1]'],
  ["SELECT 1; RAISE USING MESSAGE = 'no'", 'no at [1:11]'],
  ['LOOP BREAK; END WHILE', 'Syntax error: Expected keyword LOOP but got identifier "WHILE" at [1:17]'],
  [
    'FOR r IN (SELECT 1) DO FOR r IN (SELECT 1) DO SELECT 1; END FOR; END FOR',
    "Variable 'r' redeclaration at [1:28]",
  ],
  ['EXECUTE IMMEDIATE CAST(NULL AS STRING)', 'EXECUTE IMMEDIATE sql string cannot be NULL at [1:19]'],
  ["EXECUTE IMMEDIATE ' '", 'Empty EXECUTE IMMEDIATE sql string cannot be executed at [1:19]'],
  [
    "EXECUTE IMMEDIATE 'SELECT 1; SELECT 2'",
    'EXECUTE IMMEDIATE sql string must contain exactly one statement at [1:19]',
  ],
  [
    "EXECUTE IMMEDIATE 'BREAK'",
    'Invalid EXECUTE IMMEDIATE sql string `BREAK`, BREAK without label is only allowed inside of a loop body at [1:1] at [1:19]',
  ],
  [
    "EXECUTE IMMEDIATE 'BEGIN SELECT 1; END'",
    'SQL created by EXECUTE IMMEDIATE contains unsupported statement type: BEGIN at [1:19]',
  ],
  [
    "EXECUTE IMMEDIATE 'SELECT @a, ?' USING 1 AS a, 2",
    'EXECUTE IMMEDIATE USING parameters must be all positional or all named. at [1:1]',
  ],
  ["DECLARE x INT64; EXECUTE IMMEDIATE 'SELECT x'", 'Unrecognized name: x at [1:8]'],
  [
    "DECLARE x INT64; EXECUTE IMMEDIATE 'SELECT 1, 2' INTO x",
    'Variables returned by Dynamic SQL do not match number of variables in INTO clause, expected 1 columns, but got 2 at [1:18]',
  ],
  [
    "DECLARE x INT64; EXECUTE IMMEDIATE 'SELECT id FROM d.people' INTO x",
    'DynamicSQL may only return 0 or 1 rows with INTO clause at [1:18]',
  ],
  [
    'DECLARE x INT64; EXECUTE IMMEDIATE "SELECT \'a\'" INTO x',
    'Value returned by Dynamic SQL has type STRING which is not assignable to variable x of type INT64 at [1:18]',
  ],
  ['CREATE TEMP TABLE t1 (n INT64)', 'Use of CREATE TEMPORARY TABLE requires a script or session at [1:19]'],
  ['COMMIT TRANSACTION', 'COMMIT TRANSACTION without a transaction in progress'],
  ['BEGIN TRANSACTION; BEGIN', 'Transaction is already in progress'],
  [
    'BEGIN TRANSACTION; GRANT `roles/bigquery.dataViewer` ON TABLE d.people TO "user:a@example.com"',
    'GRANT is not allowed in a transaction: it defines temporary tables only',
  ],
  [
    'BEGIN TRANSACTION; DROP TABLE d.people',
    'DROP_TABLE is not allowed in a transaction: it defines temporary tables only',
  ],
  [
    "DECLARE x STRING DEFAULT REPEAT('é', 524288)",
    "Variable 'x' has 1048578 bytes: a variable may have at most 1048576",
  ],
  [
    "DECLARE a, b, c, d, e, f, g, h, i, j, k STRING DEFAULT REPEAT('a', 1000000)",
    "With 'k' the variables of the script have 11000022 bytes: they may have at most 10485760",
  ],
  ['ASSERT 1 = 2', 'Assertion failed'],
  ["ASSERT (SELECT COUNT(*) > 9 FROM d.people) AS 'few'", 'Assertion failed: few'],
  [
    "SET @@time_zone = 'America/Santiago'",
    'SET @@time_zone to America/Santiago is not supported by the local BigQuery at [1:5]',
  ],
  ['SET @@project_id = "a"', 'Cannot assign to the system variable @@project_id at [1:5]'],
];

describe('a script that is refused', () => {
  it.each(refusals)('%s', async (query, message) => {
    expect(await refusal(rows(query))).toEqual({ code: 400, message, reason: 'invalidQuery' });
  });
});

describe('what CREATE stores outlives its script, so it is refused', () => {
  it.each([
    ['DECLARE x INT64; CREATE VIEW d.kept AS SELECT x AS y', 'Unrecognized name: x'],
    ['DECLARE x INT64; CREATE FUNCTION d.kept() AS ((SELECT x))', 'Unrecognized name: x'],
    [
      'CREATE TEMP TABLE s AS SELECT 1 AS n; CREATE VIEW d.kept AS SELECT n FROM s',
      'the temporary table s at',
    ],
    [
      'CREATE TEMP TABLE s AS SELECT 1 AS n; CREATE FUNCTION d.kept() AS ((SELECT n FROM s))',
      'A function cannot read the temporary table s',
    ],
    [
      'CREATE TEMP FUNCTION one() AS (1); CREATE VIEW d.kept AS SELECT one() AS n',
      'A view cannot call the temporary function one',
    ],
    ['CREATE VIEW d.kept AS SELECT @p AS n', 'Query parameters cannot be used inside SQL view bodies'],
    ['CREATE FUNCTION d.kept() AS (@p)', 'Query parameters cannot be used inside SQL function bodies'],
  ])('%s', async (sql, message) => {
    expect((await refusal(rows(sql, { p: 1 }))).message).toContain(message);
  });
});

describe('a transaction', () => {
  beforeEach(() => fixture.client.query('CREATE OR REPLACE TABLE d.t AS SELECT n FROM UNNEST([1, 2]) AS n'));

  const sum = 'SELECT SUM(n) FROM d.t';

  it('shows its own changes to its script alone, and gives them to all when it commits', async () => {
    const script =
      'BEGIN TRANSACTION; INSERT INTO d.t VALUES (3); UPDATE d.t SET n = n * 10 WHERE n < 3; CREATE TEMP TABLE inside AS SELECT SUM(n) AS s FROM d.t;';
    await fixture.clock.advance(1_000);
    const before = fixture.clock.now();
    await fixture.clock.advance(1_000);
    expect(await rows(`${script} ROLLBACK; ${sum}`)).toEqual([[3]]);
    expect(await rows(`${script} COMMIT; SELECT s, (${sum}) FROM inside`)).toEqual([[33, 33]]);
    expect(await rows(sum)).toEqual([[33]]);
    expect(await rows(`${sum} FOR SYSTEM_TIME AS OF TIMESTAMP_MILLIS(${before})`)).toEqual([[3]]);
  });

  it('is undone by an error without a handler, by the end of the script, and by its handler', async () => {
    await refusal(rows('BEGIN TRANSACTION; DELETE FROM d.t WHERE TRUE; SELECT 1 / 0'));
    await rows('BEGIN TRANSACTION; TRUNCATE TABLE d.t');
    const handled =
      'BEGIN BEGIN TRANSACTION; DELETE FROM d.t WHERE n = 1; SELECT 1 / 0; EXCEPTION WHEN ERROR THEN SELECT @@error.message;';
    await rows(`${handled} ROLLBACK TRANSACTION; END`);
    expect(await rows(sum)).toEqual([[3]]);
    await rows(`${handled} COMMIT TRANSACTION; END`);
    expect(await rows(sum)).toEqual([[2]]);
  });

  it('reads the rows of its beginning and keeps those that others append, while others never wait for it', async () => {
    const [job] = await fixture.client.createQueryJob(
      `BEGIN TRANSACTION; DELETE FROM d.t WHERE n = 1; ${waitFor('appended')} CREATE TEMP TABLE seen AS ${sum.replace('SUM(n)', 'SUM(n) AS s')}; COMMIT; SELECT s, (${sum}) FROM seen`,
    );
    await fixture.client.query('INSERT INTO d.t VALUES (100)');
    await fixture.client.query('CREATE TABLE d.appended (n INT64)');
    const [result] = await job.getQueryResults();
    expect(result.map((row: object) => Object.values(row))).toEqual([[2, 102]]);
  });

  it('fails when it commits what somebody else has changed, and writes nothing', async () => {
    const [job] = await fixture.client.createQueryJob(
      `BEGIN TRANSACTION; DELETE FROM d.t WHERE n = 1; INSERT INTO d.people VALUES ('z', 9); ${waitFor('changed')} COMMIT`,
    );
    await fixture.client.query('UPDATE d.t SET n = 50 WHERE n = 1');
    await fixture.client.query('CREATE TABLE d.changed (n INT64)');
    const { message } = await refusal(job.getQueryResults());
    expect(message).toContain(
      'Transaction is aborted due to concurrent update against table records-local:d.t.',
    );
    expect(await rows(sum)).toEqual([[52]]);
    expect(await rows('SELECT COUNT(*) FROM d.people')).toEqual([[2]]);
  });

  it('gives each of its jobs the id of the transaction', async () => {
    const { children } = await run('BEGIN TRANSACTION; INSERT INTO d.t VALUES (3); COMMIT; SELECT 1');
    const ids = children.map(({ statistics }) => statistics.transactionInfo?.transactionId);
    expect(ids).toEqual([ids[0], ids[0], ids[0], undefined]);
    const [known] = await fixture.client.query(
      `SELECT DISTINCT transaction_id AS id, total_slot_ms AS slots FROM \`region-${LOCATION}\`.INFORMATION_SCHEMA.JOBS WHERE transaction_id = '${ids[0]}'`,
    );
    expect(known).toEqual([{ id: ids[0], slots: 0 }]);
    expect(children.map(({ statistics }) => statistics.query.statementType)).toEqual([
      ...['BEGIN_TRANSACTION', 'INSERT', 'COMMIT_TRANSACTION', 'SELECT'],
    ]);
  });
});

/** Waits until there is a table of that name. */
function waitFor(table: string): string {
  return `WHILE (SELECT COUNT(*) = 0 FROM d.INFORMATION_SCHEMA.TABLES WHERE table_name = '${table}') DO SELECT 1; END WHILE;`;
}

describe('a loop that never ends', () => {
  it('leaves this process free, and ends when it is cancelled or after a day', async () => {
    for (const [end, message] of [
      ['cancel', 'Job execution was cancelled: User requested cancellation'],
      ['wait', 'Job execution was cancelled: Job timed out after 86400s'],
    ] as const) {
      const [job] = await fixture.client.createQueryJob('LOOP END LOOP');
      expect(await rows('SELECT 1')).toEqual([[1]]);
      if (end === 'cancel') await job.cancel();
      else fixture.clock.advance(24 * 60 * 60 * 1000);
      expect(await refusal(job.getQueryResults())).toMatchObject({ message });
    }
  });
});

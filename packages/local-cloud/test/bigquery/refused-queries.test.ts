import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, LOCATION, PROJECT, refusal, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  await fixture.bigquery.insertTable('d', {
    tableReference: { tableId: 't' },
    schema: {
      fields: [
        { name: 'id', type: 'STRING', mode: 'REQUIRED' },
        { name: 'n', type: 'INTEGER' },
        { name: 's', type: 'RECORD', fields: [{ name: 'x', type: 'INTEGER' }] },
      ],
    },
  });
});

afterAll(() => fixture.close());

/** Mistakes, each with BigQuery's own message. */
const mistakes: readonly (readonly [sql: string, message: string])[] = [
  ["SELECT UPPER(=> 'a')", 'Syntax error: Unexpected "=>" at [1:14]'],
  [
    'CREATE OR REPLACE SCHEMA other',
    'Statement CREATE OR REPLACE SCHEMA is not supported by the local BigQuery at [1:1]',
  ],
  [
    'CREATE FUNCTION d.f() NOT AS (1)',
    'Syntax error: Expected keyword DETERMINISTIC but got keyword AS at [1:27]',
  ],
  ['SELECT nope FROM d.t', 'Unrecognized name: nope at [1:8]'],
  ['SELECT nmbre FROM (SELECT 1 AS nombre)', 'Unrecognized name: nmbre; Did you mean nombre? at [1:8]'],
  ['SELECT d.nope(1)', 'Function not found: d.nope at [1:8]'],
  ['SELECT id,\n  nope\nFROM d.t', 'Unrecognized name: nope at [2:3]'],
  ['SELECT t.nope FROM d.t', 'Name nope not found inside t at [1:10]'],
  ['SELECT s.y FROM d.t', 'Field name y does not exist in STRUCT at [1:10]'],
  ['SELECT @nope', "Query parameter 'nope' not found at [1:8]"],
  ['SELECT id FROM t', 'Table "t" must be qualified with a dataset (e.g. dataset.table). at [1:16]'],
  [
    "SELECT '1' = 1",
    'No matching signature for operator = for argument types: STRING, INT64. Supported signature: ANY = ANY at [1:8]',
  ],
  ["SELECT SUBTR('abc', 1)", 'Function not found: SUBTR; Did you mean substr? at [1:8]'],
  ["SELECT TRANSLATE('a', 'aa', 'xy')", 'Duplicate character in TRANSLATE source characters'],
  ["SELECT INSTR('a', 'a', 0)", 'Position must be non-zero in INSTR'],
  [
    "SELECT EDIT_DISTANCE(REPEAT('a', 20000), REPEAT('b', 20000))",
    'EDIT_DISTANCE of texts this long is not supported by the local BigQuery',
  ],
  // Google answers 1.
  [
    'SELECT CORR(a, b) FROM UNNEST([STRUCT(5e-324 AS a, 1.0 AS b), (1e-323, 2)])',
    'The spread of numbers above 1e150 or below 1e-130 is not supported by the local BigQuery',
  ],
  [
    'SELECT UPPER(1)',
    'No matching signature for function UPPER for argument types: INT64. Supported signature: UPPER(STRING); UPPER(BYTES) at [1:8]',
  ],
  ['SELECT id FROM d.t WHERE n', 'WHERE clause should return type BOOL, but returns type INT64 at [1:26]'],
  ['SELECT id FROM d.t WHERE COUNT(*) > 1', 'Aggregate function COUNT not allowed in WHERE clause at [1:26]'],
  [
    'SELECT id, n FROM d.t GROUP BY id',
    'SELECT list expression references column n which is neither grouped nor aggregated at [1:12]',
  ],
  [
    'SELECT COUNT(*), id FROM d.t',
    'SELECT list expression references column id which is neither grouped nor aggregated at [1:18]',
  ],
  [
    'SELECT id, id FROM d.t',
    'Duplicate column names in the result are not supported. Found duplicate(s): id',
  ],
  ['SELECT a.id FROM d.t a, d.t a', 'Duplicate table alias a in the same FROM clause at [1:23]'],
  ['SELECT id FROM d.t a, d.t b', 'Column name id is ambiguous at [1:8]'],
  ['SELECT RANK() OVER () FROM d.t', 'Window ORDER BY is required for analytic function rank at [1:8]'],
  [
    'SELECT ROW_NUMBER() FROM d.t',
    'Analytic function ROW_NUMBER cannot be called without an OVER clause at [1:8]',
  ],
  [
    'SELECT (SELECT 1, 2)',
    'Scalar subquery cannot have more than one column unless using SELECT AS STRUCT to build STRUCT values at [1:8]',
  ],
  ['DELETE FROM d.t', 'DELETE must have a WHERE clause at [1:16]'],
  [
    'INSERT INTO d.t (id) VALUES (1)',
    'Value has type INT64 which cannot be inserted into column id, which has type STRING at [1:30]',
  ],
  ['INSERT INTO d.t (nope) VALUES (1)', 'Column nope is not present in table d.t at [1:18]'],
  ["INSERT INTO d.t (id, n) VALUES ('a')", 'Inserted row has wrong column count; Has 1, expected 2 at [1:1]'],
  ['SELECT', 'Syntax error: Unexpected end of script at [1:7]'],
  ['-- nothing', 'Syntax error: Unexpected end of script at [1:11]'],
  ['SELECT id FROM', 'Syntax error: Expected identifier but got end of script at [1:15]'],
  ['SELECT id FROM d.t WHERE', 'Syntax error: Unexpected end of script at [1:25]'],
  ['SELECT id,, n FROM d.t', 'Syntax error: Unexpected "," at [1:11]'],
  ["SELECT 'a", 'Syntax error: Unclosed string literal at [1:8]'],
  ['SELECT "a\\q"', 'Syntax error: Illegal escape sequence: \\q at [1:8]'],
  ['SELECT 1 /* a', 'Syntax error: Unclosed comment at [1:10]'],
  ['SELECT 12abc', 'Syntax error: Missing whitespace between literal and alias at [1:8]'],
  ['SELECT é', 'Syntax error: Illegal input character "é" at [1:8]'],
  ['SELEC 1', 'Syntax error: Unexpected identifier "SELEC" at [1:1]'],
  ["SELECT DATE '2020-02-30'", 'Invalid DATE literal "2020-02-30" at [1:8]'],
  ["SELECT DATE '2020-01-01' = 'soon'", 'Could not cast literal "soon" to type DATE at [1:28]'],
  ['SELECT 9223372036854775808', 'Invalid integer literal: 9223372036854775808 at [1:8]'],
];

/** Mistakes that appear only when the query runs. */
const failures: readonly (readonly [sql: string, message: string])[] = [
  ['SELECT 1 / 0', 'division by zero: 1.0 / 0.0'],
  ['SELECT MOD(5, 0)', 'division by zero: MOD(5, 0)'],
  ['SELECT 9223372036854775807 + 1', 'int64 overflow: 9223372036854775807 + 1'],
  ["SELECT SUM(x) FROM UNNEST([NUMERIC '8e28', NUMERIC '8e28']) AS x", 'NUMERIC overflow: SUM'],
  ["SELECT SUM(-x) OVER () FROM UNNEST([NUMERIC '8e28', NUMERIC '8e28']) AS x", 'NUMERIC overflow: SUM'],
  ['SELECT 1e308 * 10', 'Floating point error in function: 1e+308 * 10.0'],
  ["SELECT CAST('1.5' AS INT64)", 'Bad int64 value: 1.5'],
  ["SELECT CAST('yes' AS BOOL)", 'Bad bool value: yes'],
  ['SELECT [1][OFFSET(1)]', 'Array index 1 is out of bounds (overflow)'],
  ['SELECT 1 = NULL', 'Operands of = cannot be literal NULL at [1:8]'],
  ["SELECT SUBSTR('a', 1, -1)", 'Third argument in SUBSTR() cannot be negative'],
  ['SELECT (SELECT x FROM UNNEST([1, 2]) x)', 'Scalar subquery produced more than one element'],
  ['SELECT [1, NULL]', 'Array cannot have a null element; error in writing field f0_'],
  ['INSERT INTO d.t (id) VALUES (NULL)', 'Required field id cannot be null'],
  ["SELECT REGEXP_CONTAINS('a', '(')", 'Cannot parse regular expression: missing closing ): `(`'],
];

/** Queries that BigQuery may accept, but that DuckDB is not known to answer alike. */
const unsupported: readonly (readonly [sql: string, what: string])[] = [
  ['SELECT read_csv("/etc/passwd")', 'Function READ_CSV'],
  ['SELECT getenv("HOME")', 'Function GETENV'],
  ['SELECT HLL_COUNT.INIT(1)', 'Function HLL_COUNT.INIT'],
  ['SELECT ST_X(1)', 'Function ST_X'],
  ["SELECT CAST(14 AS STRING FORMAT 'RN')", 'The format RN of a number'],
  ['SELECT AI.GENERATE("a")', 'Function AI.GENERATE'],

  ['SELECT SAFE.SUM(1)', 'Function SAFE.SUM'],
  ['SELECT * FROM read_parquet("x")', 'Table function read_parquet'],
  ["SELECT CAST('POINT(1 2)' AS GEOGRAPHY)", 'Type GEOGRAPHY'],
  ['SELECT CAST("a" AS STRING(5))', 'Type STRING with parameters'],
  ["SELECT SQRT(NUMERIC '4')", 'SQRT of NUMERIC'],
  ['SELECT "a" LIKE ANY UNNEST(["a"])', 'LIKE ANY UNNEST'],
  ['SELECT @@session_id', 'System variable @@session_id here'],
  ['CREATE TABLE d.u CLONE d.t FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()', 'FOR SYSTEM_TIME AS OF'],
  ['SELECT id FROM `d.*`', 'A wildcard table'],
  ['SELECT * FROM d.__TABLES_SUMMARY__', 'The table __TABLES_SUMMARY__'],
  ['SELECT table_name FROM d.INFORMATION_SCHEMA.PARTITIONS', 'INFORMATION_SCHEMA.PARTITIONS'],
  ['FROM d.t |> SELECT id', 'Pipe syntax'],
  ['SELECT x FROM (FROM d.t |> SELECT id AS x)', 'Pipe syntax'],
  ['SELECT id FROM d.t |> WHERE TRUE', 'Pipe syntax'],
  ['CREATE VIEW d.v (x) AS SELECT 1', 'CREATE VIEW with a list of columns'],
  ["CREATE FUNCTION d.f() RETURNS INT64 LANGUAGE js AS 'return 1'", 'A function in JS'],
  ['CREATE TABLE FUNCTION d.f() AS SELECT 1', 'Statement CREATE TABLE FUNCTION'],
  ['CREATE AGGREGATE FUNCTION d.f(x INT64) AS (SUM(x))', 'Statement CREATE AGGREGATE'],
  ['DROP TABLE FUNCTION d.f', 'Statement DROP TABLE FUNCTION'],
  ['UNDROP TABLE d.t', 'Statement UNDROP TABLE'],
  ['ALTER TABLE d.t ALTER COLUMN n SET DATA TYPE FLOAT64', 'ALTER COLUMN SET DATA TYPE'],
  ['UPDATE d.t SET s.x = 1 WHERE TRUE', 'UPDATE of a field inside a STRUCT'],
  ["SELECT FORMAT_DATE('%-d', DATE '2020-01-01')", 'Format element %-'],
  [`SELECT ${'('.repeat(300)}1${')'.repeat(300)}`, 'A query nested more than 120 levels deep'],
];

describe('a query that BigQuery refuses', () => {
  it.each(mistakes)('%s', async (query, message) => {
    expect(await refusal(fixture.client.query(query))).toEqual({
      code: 400,
      message,
      reason: 'invalidQuery',
    });
  });

  it.each(failures)('%s', async (query, message) => {
    expect(await refusal(fixture.client.query(query))).toEqual({
      code: 400,
      message,
      reason: 'invalidQuery',
    });
  });

  it('is answered 404 for a missing table, dataset or project', async () => {
    const tables = { 'd.nope': 'd.nope', 'nope.t': undefined, 'other-project.d.t': undefined };
    for (const [path, table] of Object.entries(tables)) {
      const error = await refusal(fixture.client.query(`SELECT 1 FROM \`${path}\``));
      expect(error).toMatchObject({ code: 404, reason: 'notFound' });
      if (table) {
        expect(error.message).toBe(
          `Not found: Table ${PROJECT}:${table} was not found in location ${LOCATION}`,
        );
      }
    }
  });
});

describe('a query that the local BigQuery does not support', () => {
  it.each(unsupported)('is refused by name: %s', async (query, what) => {
    const error = await refusal(fixture.client.query(query));
    expect(error).toMatchObject({ code: 400, reason: 'invalidQuery' });
    expect(error.message.replace(/ at \[\d+:\d+\]$/, '')).toBe(
      `${what} is not supported by the local BigQuery`,
    );
  });
});

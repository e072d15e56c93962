import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  const { client } = fixture;
  await client.query('CREATE SCHEMA records');
  await client.query(
    'CREATE TABLE records.records (id STRING NOT NULL, nombre STRING, apellido STRING, pais STRING)',
  );
  await client.query(
    `INSERT INTO records.records VALUES ('1', 'Zoë', 'Pérez', 'Perú'), ('2', 'Ana', 'Ñandú', 'Chile'),
     ('3', 'José', 'Muñoz', 'chile'), ('1', 'Zoë', 'Abad', 'Perú')`,
  );
});

afterAll(() => fixture.close());

/** A query and the rows that Google's evaluator, ZetaSQL, gives for it. */
type Case = readonly [sql: string, rows: readonly unknown[][]];

const groups: Readonly<Record<string, readonly Case[]>> = {
  'range variables and whole rows': [
    [
      'WITH pais AS (SELECT DISTINCT pais FROM records.records) SELECT pais FROM pais ORDER BY pais.pais',
      [[{ pais: 'Chile' }], [{ pais: 'Perú' }], [{ pais: 'chile' }]],
    ],
    [
      'SELECT ARRAY_AGG(t ORDER BY apellido LIMIT 1)[OFFSET(0)].* FROM records.records t GROUP BY id ORDER BY 1',
      [
        ['1', 'Zoë', 'Abad', 'Perú'],
        ['2', 'Ana', 'Ñandú', 'Chile'],
        ['3', 'José', 'Muñoz', 'chile'],
      ],
    ],
    [
      "SELECT records FROM records.records WHERE id = '2'",
      [[{ id: '2', nombre: 'Ana', apellido: 'Ñandú', pais: 'Chile' }]],
    ],
    ['SELECT t, COUNT(*) FROM (SELECT 1 AS a, 2 AS b) t GROUP BY t', [[{ a: 1, b: 2 }, 1]]],
    [
      'SELECT p, p IS NULL FROM UNNEST([2]) q LEFT JOIN (SELECT 1 AS id) p ON p.id = q',
      [[{ id: null }, false]],
    ],
    [
      'SELECT e.apellido FROM (SELECT ARRAY_AGG(t ORDER BY apellido)[0] AS e FROM records.records t)',
      [['Abad']],
    ],
  ],
  'names in GROUP BY and HAVING': [
    [
      'SELECT UPPER(pais) AS pais, COUNT(*) FROM records.records GROUP BY pais ORDER BY pais',
      [
        ['CHILE', 2],
        ['PERÚ', 2],
      ],
    ],
    ['SELECT UPPER(pais) AS pais FROM records.records GROUP BY pais HAVING MAX(pais) = "CHILE"', [['CHILE']]],
    [
      'SELECT (SELECT COUNT(*) FROM UNNEST([1, 2]) y WHERE y <= x) AS n, COUNT(*) FROM UNNEST([1, 2, 2]) x GROUP BY n ORDER BY n',
      [
        [1, 1],
        [2, 2],
      ],
    ],
  ],
  'STRUCT and array values': [
    ['SELECT [1, 2][0], [1, 2][ORDINAL(2)]', [[1, 2]]],
    [
      "SELECT (1, 'a') = (1.0, 'a'), (1, NULL) = (1, 2), (1, NULL) = (2, NULL), STRUCT((1, NULL)) != STRUCT((2, 2))",
      [[true, null, false, true]],
    ],
    [
      'SELECT (1, 2) IN ((1, 2), (3, 4)), (1, NULL) IN ((1, 2)), (1, 2) NOT IN ((3, 4), (NULL, 2)), (1, 2) IN UNNEST([(1, 2)]), (1, 2) IN (SELECT AS STRUCT 3, 4)',
      [[true, null, null, true, false]],
    ],
    [
      "SELECT CAST('nan' AS FLOAT64) IN (CAST('nan' AS FLOAT64)), 2.0 NOT IN (1.5, NULL), 1 IN (1.0, 2.0)",
      [[false, null, true]],
    ],
    [
      'SELECT s, COUNT(*) FROM (SELECT STRUCT(a, b) s FROM UNNEST([STRUCT(1 AS a, "x" AS b), (1, "x"), (2, "y")])) GROUP BY s ORDER BY 2',
      [
        [{ a: 2, b: 'y' }, 1],
        [{ a: 1, b: 'x' }, 2],
      ],
    ],
    ['SELECT COUNT(*) FROM (SELECT DISTINCT a FROM UNNEST([STRUCT([1, 2] AS a), STRUCT([1, 2])]))', [[1]]],
  ],
};

describe.each(Object.entries(groups))('GoogleSQL: %s', (_, cases) => {
  it.each(cases)('%s', async (sql, rows) => {
    expect(await rowsOf(fixture.client, sql)).toEqual(rows);
  });
});

/** Mistakes that Google's evaluator refuses, too. */
const mistakes: readonly (readonly [sql: string, message: string])[] = [
  [
    'SELECT COUNT(DISTINCT t) FROM (SELECT 1 AS a) t',
    'Aggregate functions with DISTINCT cannot be used with arguments of type STRUCT<a INT64> at [1:8]',
  ],
  ['SELECT (1, 2) < (1, 3)', 'Operator < is not defined for arguments of type STRUCT<INT64, INT64> at [1:8]'],
  ['SELECT [1][-1]', 'Array index -1 is out of bounds (overflow)'],
  ['SELECT COUNT(*) FROM (records.records)', 'Syntax error: Expected keyword JOIN but got ")" at [1:38]'],
  ["SELECT 'a' LIKE 'a\\\\'", 'LIKE pattern ends with a backslash at [1:17]'],
  ["SELECT x LIKE x FROM UNNEST(['a\\\\']) x", 'LIKE pattern ends with a backslash'],
  [
    'SELECT LAG(x, -1) OVER (ORDER BY x) FROM UNNEST([1]) x',
    'The offset to the function LAG must be a constant that is not NULL and not negative at [1:15]',
  ],
  [
    'SELECT COUNT(*) AS n FROM records.records GROUP BY n',
    'Column n contains an aggregation function, which is not allowed in GROUP BY at [1:52]',
  ],
  [
    'SELECT UPPER(pais) AS x, id AS x FROM records.records GROUP BY x',
    'Name x in GROUP BY clause is ambiguous; it may refer to multiple columns in the SELECT-list at [1:64]',
  ],
  [
    'SELECT MAX(id) AS m FROM records.records GROUP BY pais HAVING MAX(m) = "1"',
    'Aggregations of aggregations are not allowed at [1:63]',
  ],
];

describe('a construct that Google refuses', () => {
  it.each(mistakes)('%s', async (query, message) => {
    expect(await refusal(fixture.client.query(query))).toEqual({
      code: 400,
      message,
      reason: 'invalidQuery',
    });
  });
});

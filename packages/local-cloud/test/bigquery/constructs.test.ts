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

/** A query and the rows that Google's evaluator, ZetaSQL, gives for it. It has no GROUPING SETS, CUBE and BY NAME. */
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
  'set operations by name': [
    [
      'SELECT 1 AS a, 2 AS b UNION ALL BY NAME SELECT 20 AS b, 1.5 AS A ORDER BY b',
      [
        [1, 2],
        [1.5, 20],
      ],
    ],
    [
      "SELECT 1 AS a, 2 AS b FULL OUTER UNION ALL BY NAME SELECT 20 AS b, 'x' AS c ORDER BY b",
      [
        [1, 2, null],
        [null, 20, 'x'],
      ],
    ],
    [
      'SELECT 1 AS a, 2 AS b LEFT UNION ALL BY NAME SELECT 20 AS b, 30 AS c ORDER BY b',
      [
        [1, 2],
        [null, 20],
      ],
    ],
    ['SELECT 1 AS a, 2 AS b INNER UNION ALL BY NAME SELECT 20 AS b, 30 AS c ORDER BY b', [[2], [20]]],
    ['SELECT 1 AS a, 2 AS b UNION ALL CORRESPONDING SELECT 20 AS b, 30 AS c ORDER BY b', [[2], [20]]],
    ['SELECT 1 AS a, 2 AS b UNION ALL BY NAME ON (b) SELECT 20 AS b, 30 AS c ORDER BY b', [[2], [20]]],
    ['SELECT 1 AS a, 2 AS b EXCEPT DISTINCT STRICT CORRESPONDING SELECT 2 AS b, 1 AS a', []],
  ],
  'PIVOT and UNPIVOT': [
    [
      "SELECT * FROM (SELECT UPPER(pais) AS pais, apellido, id FROM records.records) PIVOT(COUNT(*) AS n, MIN(apellido) AS primero FOR pais IN ('CHILE' AS cl, 'PERÚ')) ORDER BY id",
      [
        ['1', 0, null, 2, 'Abad'],
        ['2', 1, 'Ñandú', 0, null],
        ['3', 1, 'Muñoz', 0, null],
      ],
    ],
    [
      "SELECT total_a FROM (SELECT 'Chile' AS pais, 'a' AS s, 1 AS n UNION ALL SELECT 'Chile', 'b', 2 UNION ALL SELECT NULL, 'a', 3) AS p PIVOT(SUM(p.n) AS total FOR p.s IN ('a', 'b')) AS q WHERE q.total_b IS NULL",
      [[3]],
    ],
    [
      "SELECT * FROM (SELECT 1 AS n, CAST(NULL AS STRING) AS d) PIVOT(COUNT(*) FOR d IN ('a', NULL AS none))",
      [[1, 0, 1]],
    ],
    [
      "SELECT a FROM (SELECT 1 AS n, 'a' AS d FROM UNNEST([1]) WHERE FALSE) PIVOT(SUM(n) FOR d IN ('a'))",
      [[null]],
    ],
    [
      "SELECT * FROM (SELECT 'x' AS k, 1 AS n, 'a' AS d) PIVOT(ARRAY_AGG(k IGNORE NULLS ORDER BY n) FOR d IN ('a'))",
      [[['x']]],
    ],
    [
      "SELECT * FROM (SELECT 'x' AS id, 1 AS q1, 2 AS q2, NULL AS q3) AS p UNPIVOT(v FOR q IN (p.q1, q2 'dos', q3)) ORDER BY q",
      [
        ['x', 2, 'dos'],
        ['x', 1, 'q1'],
      ],
    ],
    [
      'SELECT u.* FROM (SELECT 1 AS q1, 2 AS q2, NULL AS q3, 4 AS q4) UNPIVOT INCLUDE NULLS ((v, w) FOR q IN ((q1, q2) AS 1, (q3, q4) AS 2)) AS u ORDER BY u.q',
      [
        [1, 2, 1],
        [null, 4, 2],
      ],
    ],
    [
      'SELECT * FROM (SELECT 1 AS q1, 2 AS q2, NULL AS q3, 4 AS q4) UNPIVOT((v, w) FOR q IN ((q1, q2), (q3, q4))) ORDER BY q',
      [
        [1, 2, 'q1_q2'],
        [null, 4, 'q3_q4'],
      ],
    ],
    [
      'SELECT * FROM (SELECT x, x AS y, x + 1 AS z FROM UNNEST([1]) AS x) UNPIVOT(v FOR q IN (x, z)) ORDER BY q',
      [
        [1, 'x'],
        [2, 'z'],
      ],
    ],
  ],
  // https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#group_by_clause
  'ROLLUP, CUBE and GROUPING SETS': [
    [
      'SELECT UPPER(pais) AS pais, id, COUNT(*), GROUPING(UPPER(pais)), GROUPING(id) FROM records.records GROUP BY ROLLUP(pais, id) ORDER BY 4, 5, 1, 2',
      [
        ['CHILE', '2', 1, 0, 0],
        ['CHILE', '3', 1, 0, 0],
        ['PERÚ', '1', 2, 0, 0],
        ['CHILE', null, 2, 0, 1],
        ['PERÚ', null, 2, 0, 1],
        [null, null, 4, 1, 1],
      ],
    ],
    [
      'SELECT a, b, SUM(n) FROM UNNEST([STRUCT(1 AS a, 2 AS b, 3 AS n), (1, 3, 4)]) GROUP BY CUBE(a, b) ORDER BY 3, 1, 2',
      [
        [null, 2, 3],
        [1, 2, 3],
        [null, 3, 4],
        [1, 3, 4],
        [null, null, 7],
        [1, null, 7],
      ],
    ],
    [
      "SELECT COALESCE(CAST(a AS STRING), 'total'), SUM(n) FROM UNNEST([STRUCT(1 AS a, 2 AS b, 3 AS n), (1, 3, 4)]) GROUP BY GROUPING SETS((a, b), ROLLUP(a)) HAVING GROUPING(b) = 1 ORDER BY GROUPING(a)",
      [
        ['1', 7],
        ['total', 7],
      ],
    ],
    ['SELECT COUNT(*) FROM records.records WHERE FALSE GROUP BY ()', [[0]]],
  ],
  'WITH RECURSIVE': [
    [
      'WITH RECURSIVE t AS (SELECT 1 AS n, "a" AS s UNION ALL SELECT n + 1, s || "b" FROM t WHERE n < 3) SELECT * FROM t ORDER BY n',
      [
        [1, 'a'],
        [2, 'ab'],
        [3, 'abb'],
      ],
    ],
    [
      'WITH RECURSIVE e AS (SELECT 1 AS a, 2 AS b UNION ALL SELECT 2, 3 UNION ALL SELECT 3, 1), r AS (SELECT 1 AS x UNION DISTINCT SELECT e.b FROM r JOIN e ON e.a = r.x) SELECT x FROM r ORDER BY x',
      [[1], [2], [3]],
    ],
    ['WITH RECURSIVE b AS (SELECT x + 1 AS y FROM a), a AS (SELECT 1 AS x) SELECT y FROM b', [[2]]],
    [
      'WITH RECURSIVE t AS (SELECT 1.0 AS n UNION ALL SELECT 2 UNION ALL SELECT CAST(n + 2 AS INT64) FROM (SELECT * FROM t) WHERE n < 4) SELECT n FROM t ORDER BY n',
      [[1], [2], [3], [4], [5]],
    ],
    [
      'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 501) SELECT MAX(n) FROM t',
      [[501]],
    ],
  ],
  'windows and their frames': [
    [
      'SELECT x, COUNT(*) OVER (ORDER BY x DESC RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING), SUM(x) OVER (ORDER BY x RANGE 2 PRECEDING) FROM UNNEST([1, 2, NULL, 4, 4, 7]) x ORDER BY x',
      [
        [null, 1, null],
        [1, 2, 1],
        [2, 2, 3],
        [4, 2, 10],
        [4, 2, 10],
        [7, 1, 7],
      ],
    ],
    [
      "SELECT COUNT(*) OVER (ORDER BY UNIX_DATE(x) RANGE 1 PRECEDING) FROM UNNEST([DATE '2020-01-01', '2020-01-02', '2020-01-05']) x ORDER BY x",
      [[1], [2], [1]],
    ],
    [
      'SELECT x, SUM(x) OVER (w ROWS 1 PRECEDING), SUM(x) OVER v, SUM(x) OVER (v), COUNT(*) OVER z FROM UNNEST([1, 2, 3]) x WINDOW w AS (ORDER BY x), v AS (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), z AS w ORDER BY x',
      [
        [1, 1, 3, 3, 1],
        [2, 3, 6, 6, 2],
        [3, 5, 5, 5, 3],
      ],
    ],
    [
      'SELECT MOD(x, 2) m, COUNT(*) FROM UNNEST([1, 2, 3]) x GROUP BY m QUALIFY ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC) = 1',
      [[1, 2]],
    ],
  ],
  'names of any alphabet': [['SELECT `año` FROM (SELECT 1 AS `año`)', [[1]]]],
  TABLESAMPLE: [['SELECT COUNT(*) FROM records.records AS r TABLESAMPLE SYSTEM (100 PERCENT)', [[4]]]],
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

describe('PIVOT', () => {
  it('names its columns by value and by alias, as Google does', async () => {
    const names = async (values: string, call = 'COUNT(*)') => {
      const [kind = ''] = values.split(',');
      const [rows] = await fixture.client.query(
        `SELECT * FROM (SELECT ${kind} AS d) PIVOT(${call} FOR d IN (${values}))`,
      );
      return Object.keys(rows[0]);
    };
    expect(await names('1, -2, 7 AS x')).toEqual(['_1', 'minus_2', 'x']);
    expect(await names('1, -2', 'COUNT(*) AS t')).toEqual(['t_1', 't_minus_2']);
    expect(await names("NUMERIC '1.5', NUMERIC '100'")).toEqual(['_1_point_5', '_100']);
    expect(await names("DATE '2020-01-02'")).toEqual(['_2020_01_02']);
    expect(await names('TRUE, FALSE')).toEqual(['true', 'false']);
  });
});

/** Mistakes that Google's evaluator refuses, too. */
const mistakes: readonly (readonly [sql: string, message: string])[] = [
  ['SELECT (1, 2) < (1, 3)', 'Operator < is not defined for arguments of type STRUCT<INT64, INT64> at [1:8]'],
  ['SELECT [1][-1]', 'Array index -1 is out of bounds (overflow)'],
  ['SELECT COUNT(*) FROM (records.records)', 'Syntax error: Expected keyword JOIN but got ")" at [1:38]'],
  ["SELECT 'a' LIKE 'a\\\\'", 'LIKE pattern ends with a backslash at [1:17]'],
  ["SELECT x LIKE x FROM UNNEST(['a\\\\']) x", 'LIKE pattern ends with a backslash'],
  [
    'SELECT LAG(x, -1) OVER (ORDER BY x) FROM UNNEST([1]) x',
    'The offset to the function LAG must not be negative',
  ],
  [
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT n FROM t',
    'A recursive CTE has reached the maximum number of iterations: 500.',
  ],
  [
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION DISTINCT SELECT n + 1 FROM t) SELECT n FROM t',
    'A recursive CTE has reached the maximum number of iterations: 500.',
  ],
  [
    'WITH RECURSIVE t AS (SELECT n + 1 AS n FROM t) SELECT n FROM t',
    'Recursive query does not have the form <non-recursive-term> UNION [ALL|DISTINCT] <recursive-term> at [1:16]',
  ],
  [
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT COUNT(*) FROM t) SELECT n FROM t',
    'A subquery containing a recursive reference may not use DISTINCT, GROUP BY, any aggregate function or any analytic function at [1:46]',
  ],
  [
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT t.n FROM UNNEST([1]) x LEFT JOIN t ON TRUE) SELECT n FROM t',
    'A query containing a recursive reference may not be used as that operand of a LEFT JOIN at [1:76]',
  ],
  [
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT x FROM UNNEST([1]) x WHERE x IN (SELECT n FROM t)) SELECT n FROM t',
    'A recursive reference from inside an expression subquery is not allowed at [1:86]',
  ],
  [
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT t.n + 1 FROM t, t AS u) SELECT n FROM t',
    "Multiple recursive references to table 't' are not allowed at [1:16]",
  ],
  [
    'SELECT COUNT(*) OVER (ORDER BY x RANGE 1 PRECEDING) FROM UNNEST(["a"]) x',
    'ORDER BY key must be numeric in a RANGE-based window with OFFSET PRECEDING or OFFSET FOLLOWING boundaries, but has type STRING at [1:40]',
  ],
  [
    'SELECT COUNT(*) OVER (ORDER BY x ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) FROM UNNEST([1]) x',
    'The window frame cannot start at FOLLOWING and end at PRECEDING at [1:47]',
  ],
  [
    'SELECT COUNT(*) OVER (ORDER BY x ROWS -1 PRECEDING) FROM UNNEST([1]) x',
    'Window framing expression cannot evaluate to a negative value at [1:39]',
  ],
  [
    'SELECT 1 AS a UNION ALL BY NAME SELECT 1 AS b',
    'Column b of UNION ALL BY NAME is not in every query at [1:1]',
  ],
  [
    'SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 3',
    'Syntax error: Different set operations cannot be used in the same query without using parentheses for grouping at [1:44]',
  ],
  [
    "SELECT * FROM (SELECT 1 AS n, 'a' AS d) PIVOT(SUM(n) FOR d IN (1))",
    'PIVOT IN list item must be type STRING to match the PIVOT FOR expression; found INT64 at [1:64]',
  ],
  [
    "SELECT * FROM (SELECT 1 AS n, 'a' AS d) PIVOT(SUM(n) + 1 FOR d IN ('a'))",
    'PIVOT expression must be an aggregate function call at [1:47]',
  ],
  [
    'SELECT * FROM (SELECT 1 AS n, 1.5 AS d) PIVOT(SUM(n) FOR d IN (1.5))',
    'PIVOT values of type FLOAT64 must specify an alias at [1:64]',
  ],
  [
    'SELECT * FROM (SELECT x, x AS y FROM UNNEST([1]) AS x) UNPIVOT(v FOR q IN (x, y))',
    'Column names in UNPIVOT IN clause cannot be repeated at [1:56]',
  ],
  [
    "SELECT * FROM (SELECT 1 AS a, 'x' AS b) UNPIVOT(v FOR q IN (a, b))",
    'The datatype of column does not match with other datatypes in the IN clause. Expected INT64, Found STRING at [1:64]',
  ],
  [
    'SELECT pais, COUNT(*) FROM records.records GROUP BY pais, ROLLUP(id)',
    'The GROUP BY clause only supports ROLLUP when there are no other grouping elements at [1:59]',
  ],
  [
    'SELECT GROUPING(id) FROM records.records GROUP BY pais',
    'The argument of GROUPING must be a key of GROUP BY at [1:17]',
  ],
  [
    'SELECT id FROM records.records TABLESAMPLE SYSTEM (101 PERCENT)',
    'The percentage of TABLESAMPLE must be a literal or parameter from 0 to 100 at [1:52]',
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

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, rowsOf, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  const { bigquery } = fixture;
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  const column = (name: string, type: string, mode = 'NULLABLE') => ({ name, type, mode });
  await bigquery.insertTable('d', {
    tableReference: { tableId: 'people' },
    schema: {
      fields: [
        column('id', 'STRING', 'REQUIRED'),
        column('name', 'STRING'),
        column('age', 'INTEGER'),
        column('score', 'FLOAT'),
        column('tags', 'STRING', 'REPEATED'),
        {
          ...column('pets', 'RECORD', 'REPEATED'),
          fields: [column('kind', 'STRING'), column('legs', 'INTEGER')],
        },
      ],
    },
  });
  const table = { projectId: PROJECT, datasetId: 'd', tableId: 'people' };
  const pets = [
    { kind: 'cat', legs: 4 },
    { kind: 'fish', legs: 0 },
  ];
  const refused = await bigquery.appendRows(table, [
    { id: 'a', name: 'Ana', age: 30, score: 1.5, tags: ['x', 'y'], pets },
    { id: 'b', name: 'Zoë', age: 40 },
    { id: 'a', name: 'Beto' },
    { id: 'c', age: 5, tags: ['y'] },
  ]);
  expect(refused).toEqual([]);
});

afterAll(() => fixture.close());

/** A query, the rows that BigQuery returns, and optional parameters. */
type Case = readonly [sql: string, rows: readonly unknown[][], params?: Record<string, unknown> | unknown[]];

const groups: Readonly<Record<string, readonly Case[]>> = {
  literals: [
    [`SELECT 'a', "b", '''c'd''', """e"f""", r'\\d', 'it\\'s'`, [['a', 'b', "c'd", 'e"f', '\\d', "it's"]]],
    ["SELECT '\\x41\\u00e9\\U0001F600\\101', 'a\\nb'", [['Aé😀A', 'a\nb']]],
    [
      "SELECT b'ab', rb'\\d', b'\\xff', CAST('é' AS BYTES)",
      [['bytes:6162', 'bytes:5c64', 'bytes:ff', 'bytes:c3a9']],
    ],
    ['SELECT 1, 0x1F, -5, 1.5, 1e3, .5, 2.', [[1, 31, -5, 1.5, 1000, 0.5, 2]]],
    ['SELECT TRUE, false, NULL', [[true, false, null]]],
    ['SELECT [1, 2], ["a"], ARRAY<INT64>[]', [[[1, 2], ['a'], []]]],
    [
      "SELECT STRUCT(1 AS a, 'x' AS b), (1, 2)",
      [
        [
          { a: 1, b: 'x' },
          { _field_1: 1, _field_2: 2 },
        ],
      ],
    ],
    [
      "SELECT NUMERIC '1.25', DATE '2020-1-2', TIME '03:04:05.5'",
      [['1.25', '2020-01-02', '03:04:05.500000']],
    ],
    [
      "SELECT DATETIME '2020-01-02 03:04:05', TIMESTAMP '2020-01-02 03:04:05-03:00'",
      [['2020-01-02T03:04:05', '2020-01-02T06:04:05.000Z']],
    ],
    ['-- a comment\nSELECT /* another */ 1 # and one more', [[1]]],
  ],
  // Answers of Google's evaluator, ZetaSQL.
  'texts of people': [
    ["SELECT UPPER('straße ﬁ'), LOWER('ΑΣ ΣΑΣ'), UPPER('ñandú')", [['STRASSE FI', 'ας σας', 'ÑANDÚ']]],
    [
      "SELECT NORMALIZE('e\\u0301') = 'é', LENGTH(NORMALIZE('é', NFD)), NORMALIZE('ﬁ①', NFKD)",
      [[true, 2, 'fi1']],
    ],
    ["SELECT NORMALIZE_AND_CASEFOLD('StraẞE ς'), NORMALIZE_AND_CASEFOLD('ﬁ', NFKC)", [['strasse σ', 'fi']]],
    ["SELECT INITCAP('ángel DE-la cruz'), INITCAP('a1b c_d', ' ')", [['Ángel De-La Cruz', 'A1b C_d']]],
    ["SELECT REVERSE('añ😀b'), TRANSLATE('cookie', 'sco', 'zku')", [['b😀ña', 'kuukie']]],
    [
      "SELECT SOUNDEX('Muñoz'), SOUNDEX('Ashcraft'), SOUNDEX('Tymczak'), SOUNDEX('')",
      [['M200', 'A261', 'T520', '']],
    ],
    ["SELECT INSTR('banana', 'an', 1, 2), INSTR('banana', 'an', -1, 2), INSTR('a', 'b')", [[4, 2, 0]]],
    [
      "SELECT ASCII('abc'), UNICODE('ñ'), UNICODE(''), CHR(241), TO_CODE_POINTS('ñ😀')",
      [[97, 241, 0, 'ñ', [241, 128512]]],
    ],
    ["SELECT SPLIT('añ😀', ''), ARRAY_TO_STRING(['a', NULL, 'b'], ',', 'x')", [[['a', 'ñ', '😀'], 'a,x,b']]],
    // ZetaSQL has no EDIT_DISTANCE. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#edit_distance
    ["SELECT UPPER('señor'), LOWER('ÑANDÚ'), UPPER('a\\nñ')", [['SEÑOR', 'ñandú', 'A\nÑ']]],
    [
      "SELECT EDIT_DISTANCE('kitten', 'sitting'), EDIT_DISTANCE('é', 'e'), EDIT_DISTANCE('a😀', 'ab'), EDIT_DISTANCE('', '😀')",
      [[3, 1, 1, 1]],
    ],
  ],
  'arrays without a type': [
    ["SELECT [] AS a UNION ALL SELECT ['x']", [[[]], [['x']]]],
    ['SELECT [1.5] AS a UNION ALL SELECT []', [[[1.5]], [[]]]],
  ],
  'numbers of people': [
    [
      'SELECT ROUND(2.675, 2), ROUND(12.345, 2), ROUND(1234.567, -2), ROUND(-2.5, 0)',
      [[2.67, 12.35, 1200, -3]],
    ],
    ['SELECT TRUNC(0.3, 1), TRUNC(-2.679, 2), TRUNC(1234.567, -2)', [[0.2, -2.67, 1200]]],
    [
      'SELECT GREATEST(1e-12, 0.0), GREATEST(10/3, 1), LEAST(1.5, 2), LEAST(NULL, 1.5)',
      [[1e-12, 10 / 3, 1.5, null]],
    ],
    ['SELECT SAFE_ADD(9223372036854775807, 1), SAFE_MULTIPLY(6, 7), SAFE_NEGATE(5)', [[null, 42, -5]]],
    ['SELECT IEEE_DIVIDE(1, 4), LOG(8, 2), BIT_COUNT(-1)', [[0.25, 3, 64]]],
    ['SELECT STDDEV(x), VAR_POP(x), BIT_XOR(x) FROM UNNEST([1, 2, 3, 4]) x', [[1.2909944487358056, 1.25, 4]]],
    [
      "SELECT MAX_BY(x, y), MIN_BY(x, y) FROM UNNEST([STRUCT('a' AS x, 1 AS y), ('b', 3), ('d', NULL)])",
      [['b', 'a']],
    ],
    [
      "SELECT LAST_DAY(DATE '2024-02-10'), LAST_DAY(DATE '2024-02-10', QUARTER)",
      [['2024-02-29', '2024-03-31']],
    ],
    ["SELECT UNIX_DATE(DATE '1969-12-31'), DATE_FROM_UNIX_DATE(19782)", [[-1, '2024-02-29']]],
    [
      "SELECT GENERATE_DATE_ARRAY(DATE '2024-02-28', DATE '2024-03-01')",
      [[['2024-02-28', '2024-02-29', '2024-03-01']]],
    ],
  ],
  'operators and NULL': [
    ['SELECT 7 / 2, 1 + 2 * 3, (1 + 2) * 3, -7 + 0, 5 - 2 - 1', [[3.5, 7, 9, -7, 2]]],
    ["SELECT 'a' || 'b', CAST(NULL AS STRING) || 'b', [1] || [2]", [['ab', null, [1, 2]]]],
    [
      'SELECT 1 = 1.0, 1 != 2, 2 <> 2, CAST(NULL AS INT64) = 1, NULL IS NULL',
      [[true, true, false, null, true]],
    ],
    // Each operand is computed once, however often its translation uses it.
    [`SELECT ${'1.5 + '.repeat(60)}0`, [[90]]],
    [
      'SELECT TRUE AND NULL, FALSE AND NULL, TRUE OR NULL, NOT CAST(NULL AS BOOL)',
      [[null, false, true, null]],
    ],
    ['SELECT 2 BETWEEN 1 AND 3, 2 NOT BETWEEN 1 AND 3', [[true, false]]],
    ['SELECT 1 IN (1, 2), 3 NOT IN (1, 2), NULL IN (1), 1 IN (2, NULL)', [[true, true, null, null]]],
    [
      "SELECT 'abc' LIKE 'a%', 'abc' LIKE 'a_c', 'a%c' LIKE 'a\\\\%c', 'abc' LIKE 'a\\\\%c', 'b' NOT LIKE 'a'",
      [[true, true, true, false, true]],
    ],
    ['SELECT 6 & 3, 6 | 3, 6 ^ 3, ~5', [[2, 7, 5, -6]]],
    ['SELECT NULL IS NOT DISTINCT FROM NULL, 1 IS DISTINCT FROM 2, TRUE IS TRUE', [[true, true, true]]],
    ["SELECT CAST('nan' AS FLOAT64) = CAST('nan' AS FLOAT64), CAST('nan' AS FLOAT64) > 1", [[false, false]]],
    ["SELECT 'B' < 'a', 'Z' < 'é', 'a' < 'á'", [[true, true, true]]],
    ["SELECT DATE '2020-01-02' > '2020-01-01'", [[true]]],
  ],
  'conditions and conversions': [
    [
      "SELECT IF(1 > 2, 'a', 'b'), IFNULL(NULL, 1), COALESCE(NULL, NULL, 3), NULLIF(1, 1), NULLIF(1, 2)",
      [['b', 1, 3, null, 1]],
    ],
    [
      "SELECT CASE WHEN FALSE THEN 1 ELSE 2 END, CASE 3 WHEN 3 THEN 'x' END, CASE 3 WHEN 4 THEN 'x' END",
      [[2, 'x', null]],
    ],
    [
      "SELECT CAST('12' AS INT64), CAST('1.5' AS FLOAT64), CAST(2.5 AS INT64), CAST(-2.5 AS INT64), CAST(1 AS BOOL)",
      [[12, 1.5, 3, -3, true]],
    ],
    [
      "SELECT SAFE_CAST('1.5' AS INT64), SAFE_CAST('yes' AS BOOL), SAFE_CAST('x' AS DATE), SAFE_CAST('2020-02-30' AS DATE)",
      [[null, null, null, null]],
    ],
    [
      "SELECT CAST(12 AS STRING), CAST(TRUE AS STRING), CAST(NUMERIC '1.50' AS STRING), CAST(DATE '2020-01-02' AS STRING)",
      [['12', 'true', '1.5', '2020-01-02']],
    ],
    [
      "SELECT CAST(TIMESTAMP '2020-01-02 03:04:05+00' AS STRING), CAST(TIMESTAMP '2020-01-02 03:04:05.5+00' AS STRING)",
      [['2020-01-02 03:04:05+00', '2020-01-02 03:04:05.500+00']],
    ],
    [
      "SELECT CAST('2020-01-02 03:04:05-03:00' AS TIMESTAMP), CAST(CONCAT('2020-01-0', '2') AS DATE)",
      [['2020-01-02T06:04:05.000Z', '2020-01-02']],
    ],
    [
      "SELECT CAST('1.5' AS NUMERIC) + 1, NUMERIC '0.1' + NUMERIC '0.2' = NUMERIC '0.3', 0.1 + 0.2 = 0.3",
      [['2.5', true, false]],
    ],
    ['SELECT DIV(-7, 2), MOD(-7, 2), SAFE_DIVIDE(1, 0), SAFE_DIVIDE(1, 4)', [[-3, -1, null, 0.25]]],
    [
      'SELECT ABS(-5), SIGN(-2.5), ROUND(2.5), ROUND(-2.5), CEIL(1.2), FLOOR(-1.2), TRUNC(-1.7)',
      [[5, -1, 3, -3, 2, -2, -1]],
    ],
    ['SELECT GREATEST(1, 3, 2), LEAST(1, NULL), SQRT(9), POW(2, 10)', [[3, null, 3, 1024]]],
  ],
  text: [
    [
      "SELECT LOWER('ÁB'), UPPER('ñb'), LENGTH('👩‍🚀'), BYTE_LENGTH('é'), LENGTH(b'abc')",
      [['áb', 'ÑB', 3, 2, 3]],
    ],
    [
      "SELECT SUBSTR('hello', 2, 3), SUBSTR('hello', 0, 2), SUBSTR('hello', -3), SUBSTR('hello', -9, 2), SUBSTR('hello', 9)",
      [['ell', 'he', 'llo', 'he', '']],
    ],
    [
      "SELECT TO_HEX(SUBSTR(b'hello', 2, 3)) = TO_HEX(b'ell'), SUBSTR(b'hello', 0, 2) = b'he', SUBSTR(b'hello', -3) = b'llo', SUBSTR(b'hello', -9, 2) = b'he', SUBSTR(b'hello', 9) = b'', SUBSTR(b'hello', 2, 9223372036854775807) = b'ello', SUBSTR(b'hello', -2, 0) = b''",
      [[true, true, true, true, true, true, true]],
    ],
    [
      "SELECT SUBSTR(b'a', NULL), SUBSTR(b'a', NULL, 1), SUBSTR(b'a', 1, NULL), SUBSTR(CAST(NULL AS BYTES), 1, 1), SUBSTR(MD5('a'), 1, 8)",
      [[null, null, null, null, 'bytes:0cc175b9c0f1b6a8']],
    ],
    [
      "SELECT CONCAT('a', 'b', 'c'), CONCAT('a', NULL), STARTS_WITH('abc', 'ab'), ENDS_WITH('abc', 'bc'), STRPOS('abc', 'c')",
      [['abc', null, true, true, 3]],
    ],
    [
      "SELECT TRIM('\\t \\u00a0x\\n'), TRIM('xxaxx', 'x'), LTRIM('xxa', 'x'), RTRIM('axx', 'x'), REPLACE('abcb', 'b', 'X')",
      [['x', 'a', 'a', 'a', 'aXcX']],
    ],
    [
      "SELECT MAX('a'), MIN('b'), GREATEST('a', 'b'), COALESCE(NULL, 'c') FROM UNNEST([1])",
      [['a', 'b', 'b', 'c']],
    ],
    [
      "SELECT LPAD('7', 3, '0'), RPAD('7', 3), LEFT('abc', 2), RIGHT('abc', 2), REPEAT('ab', 2)",
      [['007', '7  ', 'ab', 'bc', 'abab']],
    ],
    [
      "SELECT SPLIT('a,b,,c'), SPLIT('a b', ' '), ARRAY_TO_STRING(['a', 'b'], '-')",
      [[['a', 'b', '', 'c'], ['a', 'b'], 'a-b']],
    ],
    [
      "SELECT REGEXP_CONTAINS('abc', r'^a.c$'), REGEXP_CONTAINS('abc', r'^b'), REGEXP_CONTAINS('a\\nb', r'a.b')",
      [[true, false, false]],
    ],
    [
      "SELECT REGEXP_EXTRACT('abc123', r'\\d+'), REGEXP_EXTRACT('abc123', r'([a-z]+)\\d'), REGEXP_EXTRACT('abc', r'\\d')",
      [['123', 'abc', null]],
    ],
    [
      "SELECT REGEXP_EXTRACT_ALL('a1b2', r'[a-z](\\d)'), REGEXP_REPLACE('abcb', r'(b)', r'[\\1]')",
      [[['1', '2'], 'a[b]c[b]']],
    ],
    [
      "SELECT TO_HEX(MD5('a')), TO_HEX(SHA256('')), TO_BASE64(b'ab'), FROM_HEX('6162')",
      [
        [
          '0cc175b9c0f1b6a831c399e269772661',
          'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
          'YWI=',
          'bytes:6162',
        ],
      ],
    ],
  ],
  'dates and times': [
    [
      'SELECT CURRENT_TIMESTAMP(), CURRENT_DATE(), CURRENT_DATETIME, CURRENT_TIME()',
      [['2026-01-31T12:30:15.250Z', '2026-01-31', '2026-01-31T12:30:15.250000', '12:30:15.250000']],
    ],
    [
      "SELECT DATE_ADD(DATE '2020-01-31', INTERVAL 1 MONTH), DATE_SUB(DATE '2020-03-01', INTERVAL 1 DAY), DATE_ADD(DATE '2020-02-29', INTERVAL 1 YEAR)",
      [['2020-02-29', '2020-02-29', '2021-02-28']],
    ],
    [
      "SELECT DATE_DIFF(DATE '2020-03-01', DATE '2020-02-01', DAY), DATE_DIFF(DATE '2020-02-01', DATE '2020-01-31', MONTH)",
      [[29, 1]],
    ],
    [
      "SELECT TIMESTAMP_DIFF(TIMESTAMP '2020-01-02', TIMESTAMP '2020-01-01 12:30:00', HOUR), TIMESTAMP_ADD(TIMESTAMP '2020-01-01', INTERVAL 90 MINUTE)",
      [[11, '2020-01-01T01:30:00.000Z']],
    ],
    [
      "SELECT DATE_TRUNC(DATE '2020-05-20', MONTH), DATE_TRUNC(DATE '2020-05-20', WEEK), DATE_TRUNC(DATE '2020-05-20', ISOWEEK), TIMESTAMP_TRUNC(TIMESTAMP '2020-05-20 10:30:00', HOUR)",
      [['2020-05-01', '2020-05-17', '2020-05-18', '2020-05-20T10:00:00.000Z']],
    ],
    [
      "SELECT EXTRACT(YEAR FROM DATE '2020-05-20'), EXTRACT(DAYOFWEEK FROM DATE '2020-05-17'), EXTRACT(MILLISECOND FROM TIMESTAMP '1950-01-01 00:00:01.250'), EXTRACT(DATE FROM TIMESTAMP '2020-01-02 03:00:00')",
      [[2020, 1, 250, '2020-01-02']],
    ],
    [
      "SELECT FORMAT_DATE('%d/%m/%Y', DATE '2020-05-20'), FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2020-05-20 10:30:00')",
      [['20/05/2020', '2020-05-20 10:30:00']],
    ],
    [
      "SELECT UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5'), UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:01.5'), TIMESTAMP_MILLIS(1500), DATE(2020, 2, 29), DATE(TIMESTAMP '2020-01-02 23:00:00')",
      [[-1, 1500, '1970-01-01T00:00:01.500Z', '2020-02-29', '2020-01-02']],
    ],
  ],
  arrays: [
    [
      'SELECT [10, 20][OFFSET(0)], [10, 20][ORDINAL(2)], [10, 20][SAFE_OFFSET(5)], ARRAY_LENGTH([1, 2]), ARRAY_REVERSE([1, 2])',
      [[10, 20, null, 2, [2, 1]]],
    ],
    [
      'SELECT GENERATE_ARRAY(1, 10, 4), GENERATE_ARRAY(3, 1), GENERATE_ARRAY(3, 1, -1)',
      [[[1, 5, 9], [], [3, 2, 1]]],
    ],
    [
      'SELECT ARRAY(SELECT x * 2 FROM UNNEST([1, 2, 3]) AS x ORDER BY x DESC), ARRAY(SELECT 1 FROM d.people WHERE FALSE)',
      [[[6, 4, 2], []]],
    ],
    [
      'SELECT id, tag, place FROM d.people, UNNEST(tags) AS tag WITH OFFSET AS place ORDER BY id, place',
      [
        ['a', 'x', 0],
        ['a', 'y', 1],
        ['c', 'y', 0],
      ],
    ],
    [
      'SELECT p.id, tag FROM d.people p LEFT JOIN p.tags AS tag WHERE p.age IS NOT NULL ORDER BY 1, 2',
      [
        ['a', 'x'],
        ['a', 'y'],
        ['b', null],
        ['c', 'y'],
      ],
    ],
    [
      'SELECT pet.kind, legs FROM d.people, UNNEST(pets) AS pet ORDER BY legs',
      [
        ['fish', 0],
        ['cat', 4],
      ],
    ],
    [
      'SELECT id, (SELECT SUM(legs) FROM UNNEST(pets)) FROM d.people WHERE id = "a" ORDER BY name',
      [
        ['a', 4],
        ['a', null],
      ],
    ],
    ["SELECT 'b' IN UNNEST(['a', 'b']), ARRAY_CONCAT([1], [2, 3])", [[true, [1, 2, 3]]]],
  ],
  'selecting and joining': [
    [
      'SELECT id, name FROM d.people ORDER BY id, name',
      [
        ['a', 'Ana'],
        ['a', 'Beto'],
        ['b', 'Zoë'],
        ['c', null],
      ],
    ],
    [
      'SELECT * EXCEPT (tags, pets, score) REPLACE (UPPER(name) AS name) FROM `d.people` WHERE age > 10 ORDER BY age',
      [
        ['a', 'ANA', 30],
        ['b', 'ZOË', 40],
      ],
    ],
    [
      `SELECT p.id FROM \`${PROJECT}.d.people\` AS p WHERE p.age = (SELECT MAX(age) FROM \`${PROJECT}\`.d.people)`,
      [['b']],
    ],
    [`SELECT COUNT(*) FROM ${PROJECT}.d.people`, [[4]]],
    ['SELECT name FROM d.people ORDER BY age LIMIT 2', [['Beto'], [null]]],
    ['SELECT age FROM d.people ORDER BY age DESC LIMIT 10 OFFSET 2', [[5], [null]]],
    ['SELECT age FROM d.people ORDER BY age NULLS LAST', [[5], [30], [40], [null]]],
    ['SELECT DISTINCT id FROM d.people ORDER BY id DESC', [['c'], ['b'], ['a']]],
    [
      'SELECT x.id, y.name FROM d.people x JOIN d.people y ON x.id = y.id AND x.name < y.name',
      [['a', 'Beto']],
    ],
    [
      'SELECT id, k FROM d.people LEFT JOIN (SELECT "a" AS id, 1 AS k) USING (id) WHERE name IS NOT NULL ORDER BY name',
      [
        ['a', 1],
        ['a', 1],
        ['b', null],
      ],
    ],
    [
      'WITH a AS (SELECT l FROM UNNEST([1, 2]) l), b AS (SELECT r FROM UNNEST([2, 3]) r) SELECT l, r FROM a FULL JOIN b ON l = r ORDER BY l, r',
      [
        [null, 3],
        [1, null],
        [2, 2],
      ],
    ],
    ['SELECT COUNT(*) FROM d.people, UNNEST([1, 2, 3])', [[12]]],
    ['WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT x, y FROM a, b', [[1, 2]]],
    ['SELECT 1 AS x UNION ALL SELECT 2.5 ORDER BY x DESC', [[2.5], [1]]],
    ['(SELECT 1 UNION DISTINCT SELECT 1) INTERSECT DISTINCT (SELECT 1)', [[1]]],
    ['SELECT x FROM UNNEST([1, 2, 3]) x EXCEPT DISTINCT SELECT 2 ORDER BY x', [[1], [3]]],
    ['SELECT id FROM d.people p WHERE EXISTS (SELECT 1 FROM UNNEST(p.tags) t WHERE t = "x")', [['a']]],
    ['SELECT id FROM d.people WHERE id IN (SELECT id FROM d.people WHERE age = 40)', [['b']]],
    ['SELECT 1 AS f, 2, 3 AS g, 4', [[1, 2, 3, 4]]],
  ],
  'grouping and windows': [
    [
      'SELECT id, COUNT(*) AS n, COUNT(age), MAX(name) FROM d.people GROUP BY id ORDER BY n DESC, id',
      [
        ['a', 2, 1, 'Beto'],
        ['b', 1, 1, 'Zoë'],
        ['c', 1, 1, null],
      ],
    ],
    [
      'SELECT SUM(age), AVG(age), MIN(age), MAX(age), COUNT(DISTINCT id), COUNTIF(age > 10), APPROX_COUNT_DISTINCT(id) FROM d.people',
      [[75, 25, 5, 40, 3, 2, 3]],
    ],
    [
      "SELECT STRING_AGG(name, '-' ORDER BY name DESC), ARRAY_AGG(age IGNORE NULLS ORDER BY age DESC LIMIT 2), ANY_VALUE(1), LOGICAL_OR(age > 35) FROM d.people",
      [['Zoë-Beto-Ana', [40, 30], 1, true]],
    ],
    [
      "SELECT IF(age > 20, 'old', 'young') AS years, COUNT(*) FROM d.people GROUP BY years ORDER BY years",
      [
        ['old', 2],
        ['young', 2],
      ],
    ],
    ['SELECT id, COUNT(*) FROM d.people GROUP BY 1 HAVING COUNT(*) > 1', [['a', 2]]],
    [
      'SELECT id, UPPER(id), COUNT(*) c FROM d.people GROUP BY ALL ORDER BY c DESC, id LIMIT 1',
      [['a', 'A', 2]],
    ],
    [
      'SELECT id, (SELECT COUNT(*) FROM d.people q WHERE q.id = p.id) FROM d.people p GROUP BY id ORDER BY id',
      [
        ['a', 2],
        ['b', 1],
        ['c', 1],
      ],
    ],
    [
      'SELECT SUM(x), MAX(x), STRING_AGG(y) FROM (SELECT 1 AS x, "a" AS y FROM d.people WHERE FALSE)',
      [[null, null, null]],
    ],
    [
      'SELECT id, name FROM d.people QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY name) = 1 ORDER BY id',
      [
        ['a', 'Ana'],
        ['b', 'Zoë'],
        ['c', null],
      ],
    ],
    [
      'SELECT age, RANK() OVER (ORDER BY age DESC), SUM(age) OVER (ORDER BY age), LAG(age) OVER (ORDER BY age) FROM d.people WHERE age IS NOT NULL ORDER BY age',
      [
        [5, 3, 5, null],
        [30, 2, 35, 5],
        [40, 1, 75, 30],
      ],
    ],
    [
      'SELECT id, COUNT(*) OVER (PARTITION BY id), FIRST_VALUE(name IGNORE NULLS) OVER w FROM d.people WINDOW w AS (PARTITION BY id ORDER BY name) ORDER BY id, name',
      [
        ['a', 2, 'Ana'],
        ['a', 2, 'Ana'],
        ['b', 1, 'Zoë'],
        ['c', 1, null],
      ],
    ],
    [
      'SELECT x, SUM(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM UNNEST([1, 2, 3]) x ORDER BY x',
      [
        [1, 1],
        [2, 3],
        [3, 5],
      ],
    ],
    ['SELECT id, SUM(COUNT(*)) OVER () FROM d.people GROUP BY id ORDER BY id LIMIT 1', [['a', 4]]],
  ],
  parameters: [
    ['SELECT name FROM d.people WHERE id = @id ORDER BY name', [['Ana'], ['Beto']], { id: 'a' }],
    ['SELECT id FROM d.people WHERE id = @id', [], { id: "a' OR '1'='1" }],
    [
      'SELECT DISTINCT id FROM d.people WHERE id IN UNNEST(@ids) ORDER BY id',
      [['a'], ['c']],
      { ids: ['a', 'c', 'z'] },
    ],
    [
      'SELECT @n + 1, @f * 2, @b, @s, @d',
      [[3, 3, true, 'é"\\', '2020-01-02T00:00:00.000Z']],
      { n: 2, f: 1.5, b: true, s: 'é"\\', d: new Date(Date.UTC(2020, 0, 2)) },
    ],
    ['SELECT ? || ?, ?', [['ab', 3]], ['a', 'b', 3]],
    ['SELECT @s.a, @s.b', [[1, 'x']], { s: { a: 1, b: 'x' } }],
    ["SELECT DATE '2020-01-02' = @day, @N", [[true, 7]], { day: '2020-01-02', N: 7 }],
    ['SELECT x FROM UNNEST([3, 1, 2]) x ORDER BY x LIMIT @n OFFSET @skip', [[2]], { n: 1, skip: 1 }],
  ],
};

describe.each(Object.entries(groups))('GoogleSQL: %s', (_, cases) => {
  it.each(cases.map((each) => [each[0], each] as const))('%s', async (_, [sql, rows, params]) => {
    expect(await rowsOf(fixture.client, sql, params)).toEqual(rows);
  });
});

describe('the columns of a result', () => {
  it('are named by their alias or column, and numbered otherwise', async () => {
    const [rows] = await fixture.client.query('SELECT 1, p.age, 2 AS x, 3 FROM d.people p WHERE age = 5');
    expect(rows).toEqual([{ f0_: 1, age: 5, x: 2, f1_: 3 }]);
  });
});

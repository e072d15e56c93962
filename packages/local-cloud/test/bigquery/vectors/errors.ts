import type { Vectors } from './vectors.ts';

export const ERRORS: Vectors = [
  ["IFERROR(1/0, 2), IFERROR(1, 2), IFERROR(NULL, 3), IFERROR(CAST('x' AS INT64), 7)", [2, 1, null, 7]],
  ['ISERROR(1/0), ISERROR(1), ISERROR(NULL)', [true, false, false]],
  ['NULLIFERROR(1/0), NULLIFERROR(1)', [null, 1]],
  // Each level once: twice at each level would take hours.
  [`${'NULLIFERROR('.repeat(24)}1/0${')'.repeat(24)}`, [null]],
  ["ERROR('x')", 'x'],
  [
    "IF(FALSE, ERROR('x'), 1), IF(FALSE, ERROR('x'), 'a'), COALESCE('a', ERROR('x')), IFNULL(DATE '2024-01-01', ERROR('a'))",
    [1, 'a', 'a', '2024-01-01'],
  ],
  ["CASE WHEN TRUE THEN 'a' ELSE ERROR('b') END", ['a']],
  ["IFERROR(ERROR('x'), 'a'), ISERROR(ERROR('x'))", ['a', true]],
  ['IFERROR((SELECT 1/0), 5)', [5]],
  ["IFERROR(ERROR('x'), ERROR('y'))", 'y'],
  ['ERROR(NULL)', 'ERROR function called with NULL value'],
  [
    'ERROR(5)',
    'No matching signature for function ERROR for argument types: INT64. Supported signature: ERROR(STRING)',
  ],
  ["ERROR('x') + 1", 'x'],
  ["CONCAT('a', ERROR('x'))", 'x'],
  ["IFERROR(IFERROR(1/0, CAST('a' AS FLOAT64)), 3)", [3]],
  [
    "IFERROR(PARSE_DATE('%Y', 'x'), DATE '2024-01-01'), IFERROR(PARSE_JSON('{'), JSON '1'), IFERROR(DATE '9999-12-31' + 1, NULL), IFERROR(9223372036854775807 + 1, 0), IFERROR(SUBSTR('a', 1, -1), 'neg'), IFERROR([1][5], 9), IFERROR(REGEXP_EXTRACT('a', '('), 'r')",
    ['2024-01-01', '1', null, 0, 'neg', 9, 'r'],
  ],
  [
    "IFERROR(SAFE.PARSE_DATE('%Y', 'x'), DATE '2024-01-01'), IFERROR(STRUCT(1/0 AS a), STRUCT(2.0 AS a)), IFERROR([1/0], [5.0])",
    [null, { a: 2 }, [5]],
  ],
  [
    "IFERROR(1, 'a')",
    'No matching signature for function IFERROR for argument types: INT64, STRING. Supported signature: IFERROR(T, T)',
  ],
  ["IFERROR(PARSE_DATE('%Y', 'SELECT x'), DATE '2024-01-01')", ['2024-01-01']],
  ['IFERROR(1)', 'Number of arguments does not match for function IFERROR'],
  ["ISERROR(ERROR(NULL)), NULLIFERROR(ERROR('a'))", [true, null]],
  ["COLLATE('a', '') = 'A', COLLATE('a', '')", [false, 'a']],
  ['SELECT AS VALUE 1', [1]],
  ["SELECT AS VALUE STRUCT(1 AS a, 'x' AS b)", [{ a: 1, b: 'x' }]],
  ["SELECT v.a FROM (SELECT AS VALUE STRUCT(1 AS a, 'x' AS b)) v", [1]],
  ["SELECT a FROM (SELECT AS VALUE STRUCT(1 AS a, 'x' AS b))", [1]],
  ["SELECT * FROM (SELECT AS VALUE STRUCT(1 AS a, 'x' AS b))", [1, 'x']],
  ['SELECT v FROM (SELECT AS VALUE 1) v', [1]],
  ['SELECT v.* FROM (SELECT AS STRUCT 1 AS a) v', [1]],
  ['SELECT v FROM (SELECT AS STRUCT 1 AS a) v', [{ a: 1 }]],
  ['SELECT a, b FROM (SELECT AS STRUCT 1 AS a, 2 AS b)', [1, 2]],
  ['SELECT AS STRUCT 1 AS a, 2 AS b', [{ a: 1, b: 2 }]],
  ['SELECT AS VALUE 1, 2', 'SELECT AS VALUE query must have exactly one column'],
  ['SELECT (SELECT AS VALUE 5), (SELECT AS STRUCT 1 AS x, 2 AS y).y', [5, 2]],
];

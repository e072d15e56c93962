import type { Vectors } from './vectors.ts';

/** Functions that ZetaSQL lacks or does not evaluate, with the results of BigQuery's reference. */
export const DOCUMENTED: Vectors = [
  // https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/time-series-functions
  [
    "SELECT ARRAY_AGG(DATE_BUCKET(d, INTERVAL 2 DAY) ORDER BY d) FROM UNNEST(GENERATE_DATE_ARRAY('1949-12-29', '1950-01-03')) AS d",
    [['1949-12-28', '1949-12-30', '1949-12-30', '1950-01-01', '1950-01-01', '1950-01-03']],
  ],
  [
    "SELECT ARRAY_AGG(DATE_BUCKET(d, INTERVAL 7 DAY, DATE '2000-12-24') ORDER BY d) FROM UNNEST(GENERATE_DATE_ARRAY('2000-12-20', '2000-12-25')) AS d",
    [['2000-12-17', '2000-12-17', '2000-12-17', '2000-12-17', '2000-12-24', '2000-12-24']],
  ],
  [
    "DATETIME_BUCKET(DATETIME '1949-12-30 13:00:00', INTERVAL 12 HOUR), DATETIME_BUCKET(DATETIME '2000-12-22 00:00:00', INTERVAL 7 DAY, DATETIME '2000-12-22 12:00:00')",
    ['1949-12-30T12:00:00', '2000-12-15T12:00:00'],
  ],
  [
    "DATE_BUCKET(DATE '2024-02-29', INTERVAL 1 MONTH, DATE '2024-01-31'), DATE_BUCKET(DATE '2024-02-28', INTERVAL 1 MONTH, DATE '2024-01-31'), DATE_BUCKET(NULL, INTERVAL 1 DAY)",
    ['2024-02-29', '2024-01-31', null],
  ],
  [
    "FORMAT_TIMESTAMP('%F %T', TIMESTAMP_BUCKET(TIMESTAMP '1949-12-30 13:00:00+00', INTERVAL 12 HOUR))",
    ['1949-12-30 12:00:00'],
  ],
  [
    "DATE_BUCKET(DATE '2024-01-01', INTERVAL 0 DAY)",
    'Exactly one non-zero INTERVAL part in bucket width is required',
  ],
  [
    "DATE_BUCKET(DATE '2024-01-01', INTERVAL 1 HOUR)",
    'The TIME part is not allowed in bucket width INTERVAL',
  ],
  ["DATE_BUCKET(DATE '2024-01-01', INTERVAL -1 DAY)", 'Negative bucket width INTERVAL is not allowed'],
  // https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions
  [
    `JSON_KEYS(JSON '{"a": {"b":1}}'), JSON_KEYS(JSON '{"a": {"b":1}}', 1), JSON_KEYS(JSON '{"a":[{"b":1}, {"c":2}], "d.e": 1}'), JSON_KEYS(JSON '{"a":[{"b":1}, {"c":2}]}', mode => 'lax'), JSON_KEYS(JSON '{"a":[[{"b":1}]]}', mode => 'lax'), JSON_KEYS(JSON '{"a":[[{"b":1}]]}', mode => 'lax recursive')`,
    [['a', 'a.b'], ['a'], ['"d.e"', 'a'], ['a', 'a.b', 'a.c'], ['a'], ['a', 'a.b']],
  ],
  [
    `JSON_FLATTEN(JSON '[[[1]], 2, [3]]'), JSON_FLATTEN(JSON '1'), BOOL_ARRAY(JSON '[true, false]'), INT64_ARRAY(JSON '[10.0]'), FLOAT64_ARRAY(JSON '[9, 9.8]'), STRING_ARRAY(JSON '["purple"]')`,
    [['1', '2', '3'], ['1'], [true, false], [10], [9, 9.8], ['purple']],
  ],
  ["INT64_ARRAY(JSON '[null]')", 'The provided JSON input is not an integer'],
  // https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/approximate_aggregate_functions
  [
    "SELECT APPROX_TOP_SUM(x, weight, 2) FROM UNNEST([STRUCT('apple' AS x, 3 AS weight), ('pear', 2), ('apple', 0), ('banana', 5), ('pear', 4)])",
    [
      [
        { value: 'pear', sum: 6 },
        { value: 'banana', sum: 5 },
      ],
    ],
  ],
  [
    "SELECT APPROX_TOP_SUM(x, weight, 2) FROM UNNEST([STRUCT('apple' AS x, NULL AS weight), ('pear', 0), ('pear', NULL)])",
    [
      [
        { value: 'pear', sum: 0 },
        { value: 'apple', sum: null },
      ],
    ],
  ],
  // https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions#euclidean_distance
  [
    'EUCLIDEAN_DISTANCE([1.0, 2.0], [3.0, 4.0]), ROUND(COSINE_DISTANCE([1.0, 2.0], [3.0, 4.0]), 6)',
    [2.8284271247461903, 0.01613],
  ],
  ['COSINE_DISTANCE([0.0], [1.0])', 'Cannot compute COSINE_DISTANCE of a zero-length vector'],
  ['SESSION_USER()', ['developer@localhost']],
];

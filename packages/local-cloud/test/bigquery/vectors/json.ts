import type { Vectors } from './vectors.ts';

export const JSON_TEXT: Vectors = [
  [
    'JSON_VALUE(\'{"a": {"b": 1.10, "c": "x", "d": null, "e": [1,2], "f": true}}\', \'$.a.b\'), JSON_VALUE(\'{"a": "x"}\', \'$.a\'), JSON_VALUE(\'{"a": null}\', \'$.a\'), JSON_VALUE(\'{"a": [1]}\', \'$.a\'), JSON_VALUE(\'{"a": true}\', \'$.a\'), JSON_VALUE(\'{"a": 1e3}\', \'$.a\'), JSON_VALUE(\'{"a": 12345678901234567890}\', \'$.a\')',
    ['1.10', 'x', null, null, 'true', '1e3', '12345678901234567890'],
  ],
  [
    "JSON_VALUE('{\"a\": 1', '$.a'), JSON_VALUE('nope', '$'), JSON_VALUE('\"x\"'), JSON_VALUE('1.50'), JSON_VALUE('{\"a\":\"\\u00e9\\\\u0041\\\\n\"}', '$.a'), JSON_VALUE(NULL, '$.a'), JSON_VALUE('', '$')",
    ['1', null, 'x', '1.50', 'éA\n', null, null],
  ],
  [
    "JSON_QUERY('{\"a\": {\"b\" : [1, 2,  {\"c\" : \"x\\\\u00e9\"}]}}', '$.a'), JSON_QUERY('{\"a\": 1.10}', '$.a'), JSON_QUERY('{\"a\": \"x\"}', '$.a'), JSON_QUERY('{\"a\": null}', '$.a'), JSON_QUERY('{\"a\": 1}', '$.b'), JSON_QUERY('{\"z\":1,\"a\":2}', '$')",
    ['{"b":[1,2,{"c":"xé"}]}', '1.10', '"x"', null, null, '{"z":1,"a":2}'],
  ],
  [
    "JSON_EXTRACT('{\"a\": {\"b\" : 1}}', '$.a'), JSON_EXTRACT('{\"a\": {\"b\" : 1}}', \"$['a']\"), JSON_EXTRACT('{\"a\": null}', '$.a'), JSON_EXTRACT('{\"a b\": 1}', \"$['a b']\"), JSON_EXTRACT('[1,2,3]', '$[1]'), JSON_EXTRACT('[1,2,3]', '$[9]'), JSON_EXTRACT('{\"a\":1,\"a\":2}', '$.a')",
    ['{"b":1}', '{"b":1}', null, '1', '2', null, '1'],
  ],
  [
    "JSON_EXTRACT_SCALAR('{\"a\": \"x\"}', '$.a'), JSON_EXTRACT_SCALAR('{\"a\": {\"b\":1}}', '$.a'), JSON_EXTRACT_SCALAR('{\"a\": 5}', \"$['a']\"), JSON_EXTRACT_SCALAR('\"q\"'), JSON_EXTRACT_SCALAR('{\"a\": null}', '$.a')",
    ['x', null, '5', 'q', null],
  ],
  [
    "JSON_VALUE('{\"a.b\": 5, \"é\": 6, \"a-b\": 7}', '$.\"a.b\"'), JSON_VALUE('{\"é\": 6}', '$.é'), JSON_VALUE('{\"a-b\": 7}', '$.a-b'), JSON_VALUE('{\"a\": [10, 20]}', '$.a[1]'), JSON_VALUE('{\"1\": 7}', '$.1')",
    ['5', '6', '7', '20', '7'],
  ],
  ["JSON_VALUE('{\"a\": 1}', 'a')", "JSONPath must start with '$'"],
  ["JSON_VALUE('{\"a\": 1}', '')", "JSONPath must start with '$'"],
  ["JSON_VALUE('{\"a\": 1}', '$.')", 'Invalid token in JSONPath at: .'],
  ["JSON_VALUE('{\"a\": 1}', '$..a')", 'Unsupported operator in JSONPath: ..'],
  ["JSON_VALUE('{\"a\": 1}', '$.*')", 'Unsupported operator in JSONPath: *'],
  ["JSON_VALUE('{\"a\": 1}', '$[*]')", 'Unsupported operator in JSONPath: *'],
  ["JSON_VALUE('{\"a\": 1}', '$.a b')", [null]],
  ['JSON_VALUE(\'{"a": 1}\', "$[\'a\']")', "Invalid token in JSONPath at: ['a']"],
  ['JSON_EXTRACT(\'{"a": 1}\', \'$."a"\')', 'Invalid token in JSONPath at: ."a"'],
  ["JSON_VALUE('[1]', '$[-1]')", [null]],
  ["JSON_VALUE('{\"a\": 1}', '$[?(@)]')", 'Unsupported operator in JSONPath: @'],
  ["JSON_VALUE('{\"a\": 1}', '$@')", 'Unsupported operator in JSONPath: @'],
  [
    "JSON_QUERY_ARRAY('{\"a\": [1, \"x\", {\"b\":2}, null, [3]]}', '$.a'), JSON_QUERY_ARRAY('[1,2]'), JSON_QUERY_ARRAY('{\"a\":1}', '$.a'), JSON_QUERY_ARRAY('[]')",
    [['1', '"x"', '{"b":2}', 'null', '[3]'], ['1', '2'], [], []],
  ],
  [
    'JSON_VALUE_ARRAY(\'{"a": [1, "x", true, 1.50]}\', \'$.a\'), JSON_VALUE_ARRAY(\'["a","b"]\'), JSON_VALUE_ARRAY(\'[{"a":1}]\'), JSON_VALUE_ARRAY(\'[]\')',
    [['1', 'x', 'true', '1.50'], ['a', 'b'], [], []],
  ],
  ["JSON_VALUE_ARRAY('[1, [2]]')", [[]]],
  [
    'JSON_EXTRACT_ARRAY(\'{"a": [1, "x"]}\', \'$.a\'), JSON_EXTRACT_ARRAY(\'[{"a":1}]\'), JSON_EXTRACT_STRING_ARRAY(\'{"a": [1, "x"]}\', \'$.a\'), JSON_EXTRACT_STRING_ARRAY(\'["a"]\')',
    [['1', '"x"'], ['{"a":1}'], ['1', 'x'], ['a']],
  ],
  [
    "JSON_QUERY('{\"a\": \"\\\\ud83d\\\\ude00 / \\\\/ \\u007f\"}', '$.a'), JSON_QUERY('{\"a\": -0.0, \"b\": 1E5, \"c\": 0.10}', '$'), JSON_QUERY(' [ 1 , 2 ] ', '$')",
    ['"😀 / / \u007f"', '{"a":-0.0,"b":1E5,"c":0.10}', '[1,2]'],
  ],
  [
    "JSON_QUERY('{a: 1}', '$'), JSON_QUERY(\"{'a': 1}\", '$'), JSON_QUERY('[1,]', '$'), JSON_QUERY('01', '$'), JSON_QUERY('NaN', '$'), JSON_QUERY('{\"a\":1} x', '$'), JSON_QUERY('{\"a\":1}{', '$.a'), JSON_QUERY('tru', '$')",
    [null, '{"a":1}', '[1]', '0', null, '{"a":1}', '1', null],
  ],
  [
    "JSON_VALUE('{\"a\": \"x\"} garbage', '$.a'), JSON_VALUE('{\"a\": {\"b\": 1}, }', '$.a.b'), JSON_VALUE('{\"A\": 1}', '$.a'), JSON_VALUE('{\"\": 1}', '$.')",
    'Invalid token in JSONPath at: .',
  ],
  [
    "JSON_VALUE('{\"a\": 1}', NULL), JSON_VALUE('{\"a\": {\"0\": 5}}', '$.a[0]'), JSON_VALUE('{\"a\": [5]}', '$.a.0'), JSON_VALUE('5', '$[0]')",
    [null, '5', '5', null],
  ],
  [
    "JSON_QUERY('\"\\\\u00e9\\\\u2028\\\\u001f\"', '$'), JSON_VALUE('\"\\\\u0000a\"'), JSON_VALUE('\"a\\tb\"'), JSON_QUERY('\"a\\tb\"')",
    'No matching signature for function JSON_QUERY for argument types: STRING. Supported signature: JSON_QUERY(STRING, STRING); JSON_QUERY(JSON, STRING)',
  ],
  ["JSON_VALUE('{\"a\": \"x\"}', CONCAT('$.', 'a'))", 'JSONPath must be a string literal or query parameter'],
  ['JSON_VALUE(\'{"a":"\\\\ud83d"}\', \'$.a\')', ['�']],
  ['JSON_QUERY("[1.0, 1, 10000000000000000000000, 1e400]", "$")', ['[1.0,1,10000000000000000000000,1e400]']],
  [
    "TO_JSON_STRING(1/3), TO_JSON_STRING(0.1), TO_JSON_STRING(1e20), TO_JSON_STRING(1.0), TO_JSON_STRING(1e-7), TO_JSON_STRING(CAST('nan' AS FLOAT64)), TO_JSON_STRING(CAST('-inf' AS FLOAT64)), TO_JSON_STRING(-0.0), TO_JSON_STRING(1e17)",
    ['0.33333333333333331', '0.1', '1e+20', '1', '1e-07', '"NaN"', '"-Infinity"', '0', '1e+17'],
  ],
  [
    "TO_JSON_STRING(9007199254740992), TO_JSON_STRING(9007199254740993), TO_JSON_STRING(-9007199254740993), TO_JSON_STRING(NUMERIC '1.50'), TO_JSON_STRING(NUMERIC '12345678901234567890'), TO_JSON_STRING(TRUE), TO_JSON_STRING(NULL)",
    [
      '9007199254740992',
      '"9007199254740993"',
      '"-9007199254740993"',
      '"1.5"',
      '"12345678901234567890"',
      'true',
      'null',
    ],
  ],
  [
    "TO_JSON_STRING('é\"\\\\\\n\\t\\u0001\\u007f/<>&\\u2028😀'), TO_JSON_STRING(b'ab\\xff'), TO_JSON_STRING(DATE '2020-01-02'), TO_JSON_STRING(DATETIME '2020-01-02 03:04:05.5'), TO_JSON_STRING(TIME '03:04:05'), TO_JSON_STRING(TIMESTAMP '2020-01-02 03:04:05.123456+00')",
    [
      '"é\\"\\\\\\n\\t\\u0001\u007f/<>&\\u2028😀"',
      '"YWL/"',
      '"2020-01-02"',
      '"2020-01-02T03:04:05.500"',
      '"03:04:05"',
      '"2020-01-02T03:04:05.123456Z"',
    ],
  ],
  [
    "TO_JSON_STRING(STRUCT(1 AS a, 'x' AS b, [1,2] AS c, STRUCT(NULL AS d) AS e)), TO_JSON_STRING([1,2]), TO_JSON_STRING(CAST(NULL AS ARRAY<INT64>)), TO_JSON_STRING([STRUCT(1,2)])",
    ['{"a":1,"b":"x","c":[1,2],"e":{"d":null}}', '[1,2]', 'null', '[{"":1,"":2}]'],
  ],
  [
    'TO_JSON_STRING(STRUCT(1 AS a, [1,2] AS c, STRUCT(1 AS d) AS e, CAST([] AS ARRAY<INT64>) AS f), TRUE)',
    ['{\n  "a": 1,\n  "c": [\n    1,\n    2\n  ],\n  "e": {\n    "d": 1\n  },\n  "f": []\n}'],
  ],
  ['TO_JSON_STRING([STRUCT(1 AS a)], TRUE)', ['[\n  {\n    "a": 1\n  }\n]']],
  [
    "TO_JSON_STRING(TIMESTAMP '2020-01-02 03:04:05+00'), TO_JSON_STRING(DATETIME '2020-01-02 03:04:05'), TO_JSON_STRING(1.5)",
    ['"2020-01-02T03:04:05Z"', '"2020-01-02T03:04:05"', '1.5'],
  ],
  [
    'TO_JSON_STRING(STRUCT(1 AS a), NULL), TO_JSON_STRING(STRUCT(1,2,3 AS a, 4 AS a))',
    [null, '{"":1,"":2,"a":3,"a":4}'],
  ],
  [
    "TO_JSON_STRING(NUMERIC '12345678901234567.5'),TO_JSON_STRING(NUMERIC '0.1'), TO_JSON_STRING(NUMERIC '9007199254740993')",
    ['"12345678901234567.5"', '"0.1"', '"9007199254740993"'],
  ],
  [
    "TO_JSON_STRING(NUMERIC '5'), TO_JSON_STRING(NUMERIC '-5.0'), TO_JSON_STRING(''), TO_JSON_STRING('\\u2029\\x7f\\b\\f\\r')",
    ['5', '-5', '""', '"\\u2029\u007f\\b\\f\\r"'],
  ],
];

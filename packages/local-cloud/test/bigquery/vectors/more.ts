import type { Vectors } from './vectors.ts';

export const MORE: Vectors = [
  [
    "SAFE.SUBSTR('foo', 1, -1), SAFE.SUBSTR('foo', 1, 2), SAFE.LN(0), SAFE.PARSE_DATE('%F', 'x'), SAFE.CHR(-1)",
    [null, 'fo', null, null, null],
  ],
  [
    "SAFE.DATE(2024, 2, 30), SAFE.TIMESTAMP('x'), SAFE.LOG(-1, 2), SAFE.REGEXP_CONTAINS('a', 'a')",
    [null, null, null, true],
  ],
  ["SAFE.DIV(1, 0), SAFE.MOD(1, 0), SAFE.UPPER('a')", [null, null, 'A']],
  [
    "1 << 2, 8 >> 1, 1 << 62, -1 >> 1, b'\\x01' << 1",
    [4, 4, 4611686018427388000, 9223372036854776000, 'bytes:02'],
  ],
  ['1 << 64, 1 << 63, -8 >> 70', [0, -9223372036854776000, 0]],
  ['1 << -1', 'Bitwise shift by negative offset.'],
  [
    "'abc' LIKE ANY ('a%', 'x'), 'abc' LIKE ALL ('a%', '%c'), 'abc' LIKE SOME ('x'), 'abc' NOT LIKE ANY ('a%', 'x'), NULL LIKE ANY ('a'), 'a' LIKE ANY (NULL, 'a'), 'b' LIKE ALL (NULL, 'a'), 'a' NOT LIKE ALL ('a', 'b')",
    [true, true, false, false, null, true, false, true],
  ],
  ['[1,2][0], [1,2][OFFSET(1)], [1,2][SAFE_OFFSET(9)]', [1, 2, null]],
  [
    "FARM_FINGERPRINT(''), FARM_FINGERPRINT('a'), FARM_FINGERPRINT('foo'), FARM_FINGERPRINT('añ😀'), FARM_FINGERPRINT(b'\\xff\\x00'), FARM_FINGERPRINT(REPEAT('x', 20)), FARM_FINGERPRINT(REPEAT('x', 40)), FARM_FINGERPRINT(REPEAT('xyz', 400)), FARM_FINGERPRINT(NULL)",
    [
      -7286425919675154000,
      -5528939962900188000,
      6150913649986995000,
      643890391696453000,
      220203550205093470,
      8233088228747857000,
      -1443147843654566700,
      4929146204526998000,
      null,
    ],
  ],
  [
    "TO_HEX(SHA512('abc')), TO_HEX(SHA512(b'')), TO_HEX(SHA1('a')), TO_HEX(MD5(b'\\xff'))",
    [
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
      'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
      '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8',
      '00594fd4f42ba43fc1ca0427a0576295',
    ],
  ],
  [
    'ACOSH(2.0), ASINH(1.0), ATANH(0.5), COSH(1.0), SINH(1.0), TANH(1.0), COT(1.0), COTH(1.0), CSC(1.0), CSCH(1.0), SEC(1.0), SECH(1.0), CBRT(27.0)',
    [
      1.3169578969248166, 0.881373587019543, 0.5493061443340548, 1.5430806348152437, 1.1752011936438014,
      0.7615941559557649, 0.6420926159343306, 1.3130352854993315, 1.1883951057781212, 0.8509181282393216,
      1.8508157176809255, 0.6480542736638855, 3.0000000000000004,
    ],
  ],
  ['ACOSH(0.5)', 'Floating point error in function: ACOSH(0.5)'],
  ['ATANH(1.0)', 'Floating point error in function: ATANH(1)'],
  ['COT(0.0)', 'Floating point error in function: COT(0)'],
  ['CSC(0.0)', 'Floating point error in function: CSC(0)'],
  ['COTH(0.0)', 'Floating point error in function: COTH(0)'],
  ['CSCH(0.0)', 'Floating point error in function: CSCH(0)'],
  ['SINH(1000.0)', 'Floating point error in function: SINH(1000)'],
  ['COSH(1000.0)', 'Floating point error in function: COSH(1000)'],
  [
    "RANGE_BUCKET(20, [0, 10, 20, 30, 40]), RANGE_BUCKET(-1, [0, 10]), RANGE_BUCKET(50, [0, 10]), RANGE_BUCKET(1, []), RANGE_BUCKET(NULL, [1]), RANGE_BUCKET('b', ['a','c']), RANGE_BUCKET(1.5, [1.0, 2.0]), RANGE_BUCKET(25, [10,20,20,30])",
    [3, 0, 2, 0, null, 1, 1, 3],
  ],
  ['RANGE_BUCKET(1, [3, 2, 1])', 'Elements in input array to RANGE_BUCKET must be in ascending order.'],
  ['RANGE_BUCKET(1, [1, NULL])', 'Elements in input array to RANGE_BUCKET must be in ascending order.'],
  [
    "BIT_COUNT(b'\\xff\\x01'), BIT_COUNT(5), ~b'\\x0f', b'\\x0f' & b'\\x03', b'\\x0f' | b'\\xf0', b'\\x0f' ^ b'\\x03'",
    [9, 2, 'bytes:f0', 'bytes:03', 'bytes:ff', 'bytes:0c'],
  ],
  [
    "PARSE_NUMERIC('1.5'), PARSE_NUMERIC(' - 12.34 '), PARSE_NUMERIC('1,234.5'), PARSE_NUMERIC('12e3')",
    ['1.5', '-12.34', '1234.5', '12000'],
  ],
  ["PARSE_NUMERIC('x')", 'Invalid input to PARSE_NUMERIC: "x"'],
  [
    "GENERATE_ARRAY(1.0, 2.0, 0.5), GENERATE_ARRAY(NUMERIC '1', NUMERIC '2', NUMERIC '0.5'), GENERATE_ARRAY(NULL, 1)",
    [[1, 1.5, 2], ['1', '1.5', '2'], []],
  ],
  [
    "GENERATE_ARRAY(NUMERIC '0', NUMERIC '29999999999999999.999999999', NUMERIC '10000000000000000')",
    [['0', '10000000000000000', '20000000000000000']],
  ],
  [
    "TYPEOF(1), TYPEOF('a'), TYPEOF([1]), TYPEOF(STRUCT(1 AS a)), TYPEOF(NULL), TYPEOF(DATE '2024-01-01')",
    ['INT64', 'STRING', 'ARRAY<INT64>', 'STRUCT<a INT64>', 'INT64', 'DATE'],
  ],
  ["NULLIF('a', 'b'), IFNULL(NULL, 'x'), COALESCE(NULL, 1, 2)", ['a', 'x', 1]],
  [
    "REGEXP_EXTRACT('b', '(a)?b'), REGEXP_EXTRACT('foobar', 'o(.)', 1, 1), REGEXP_EXTRACT('abcabc', 'a', 2), REGEXP_EXTRACT('abcabc', '.', 1, 5), REGEXP_EXTRACT('abc', 'x', 1, 1)",
    [null, 'o', 'a', 'b', null],
  ],
  [
    "REGEXP_EXTRACT('abc', CONCAT('b', '.')), REGEXP_CONTAINS('abc', CONCAT('^', 'a')), REGEXP_REPLACE('abc', CONCAT('', 'b'), 'x'), REGEXP_EXTRACT_ALL('a1b2', CONCAT(r'\\d'))",
    ['bc', true, 'axc', ['1', '2']],
  ],
  [
    "REGEXP_INSTR('banana', 'an'), REGEXP_INSTR('banana', 'an', 1, 2), REGEXP_INSTR('banana', 'an', 1, 1, 1), REGEXP_INSTR('banana', 'a(n)', 2), REGEXP_INSTR('b', 'x'), REGEXP_INSTR(b'banana', b'n'), REGEXP_INSTR('añb', 'b')",
    [2, 4, 4, 3, 0, 3, 3],
  ],
  ["REGEXP_INSTR('banana', 'an', 0)", 'Position must be positive'],
  ["REGEXP_EXTRACT('banana', 'an', 0)", 'Position must be positive'],
  ["REGEXP_EXTRACT('banana', 'an', 1, 0)", 'Occurrence must be positive'],
  [
    "REGEXP_SUBSTR('banana', 'n.'), REGEXP_SUBSTR('banana', 'n.', 4), REGEXP_SUBSTR('banana', '(n)(.)')",
    'Regular expression has more than one capturing group',
  ],
  [
    "REGEXP_CONTAINS(b'abc', b'b'), REGEXP_EXTRACT(b'abc', b'(b)'), REGEXP_REPLACE(b'abc', b'b', b'xx'), REGEXP_EXTRACT_ALL(b'abab', b'a(b)'), REGEXP_CONTAINS(b'\\xff', b'\\\\xff')",
    [true, 'bytes:62', 'bytes:61787863', ['bytes:62', 'bytes:62'], true],
  ],
  ["REGEXP_EXTRACT_ALL('abc', '(a)|(b)')", 'Regular expression has more than one capturing group'],
  [
    "REGEXP_EXTRACT_ALL('abc', '(x)?b'), REGEXP_EXTRACT_ALL('banana', 'a*'), REGEXP_EXTRACT_ALL('', 'a*'), REGEXP_EXTRACT_ALL('ab', '')",
    [[''], ['', 'a', '', 'a', '', 'a'], [''], ['', '']],
  ],
  [
    "REGEXP_REPLACE('abc', '', '-'), REGEXP_REPLACE('abc', 'b*', '-'), REGEXP_REPLACE('héllo', '(l)', r'<\\1>'), REGEXP_REPLACE('abc', 'b', r'\\0\\0'), REGEXP_REPLACE('abc', 'b', r'\\\\'), REGEXP_REPLACE('aaa', '^a', 'b')",
    ['-a-b-c-', '-a-c-', 'hé<l><l>o', 'abbc', 'a\\c', 'baa'],
  ],
  [
    "REGEXP_REPLACE('abc', 'b', r'\\1')",
    'Invalid REGEXP_REPLACE pattern: Rewrite schema requests 1 matches, but the regexp only has 0 parenthesized subexpressions.',
  ],
  [
    "REGEXP_REPLACE('abc', 'b', r'\\x')",
    "Invalid REGEXP_REPLACE pattern: Rewrite schema error: '\\' must be followed by a digit or '\\'.",
  ],
  ["REGEXP_REPLACE('abc', '(', 'x')", 'Cannot parse regular expression: missing closing ): `(`'],
  [
    "REGEXP_CONTAINS('abc', '(?i)B'), REGEXP_CONTAINS('a\\nb', '(?s)a.b'), REGEXP_CONTAINS('é', r'^\\w$'), REGEXP_CONTAINS('é', r'^\\pL$'), REGEXP_EXTRACT('abc', '(?P<n>b)'), REGEXP_CONTAINS(NULL, 'a'), REGEXP_CONTAINS('a', NULL)",
    [true, true, false, true, 'b', null, null],
  ],
  [
    "REGEXP_CONTAINS('a', r'(?=a)')",
    'Cannot parse regular expression: invalid or unsupported Perl syntax: `(?=`',
  ],
  ["REGEXP_EXTRACT('abc', '')", ['']],
  [
    "CONTAINS_SUBSTR('the Blue house', 'bLUE'), CONTAINS_SUBSTR('Ǉ', 'lj'), CONTAINS_SUBSTR([1,23], '23'), CONTAINS_SUBSTR(STRUCT('a' AS x, 'bcd' AS y), 'CD'), CONTAINS_SUBSTR(NULL, 'a'), CONTAINS_SUBSTR(DATE '2024-01-01', '-01'), CONTAINS_SUBSTR('a', '')",
    [true, true, true, true, null, true, true],
  ],
  [
    "NET.HOST('http://user:pw@WWW.Example.co.uk:80/x'), NET.HOST('a.b'), NET.HOST('//x.y/z'), NET.HOST(''), NET.HOST('mailto:a@b.c'), NET.HOST('http://[::1]:80/')",
    ['WWW.Example.co.uk', 'a.b', 'x.y', null, 'b.c', '[::1]'],
  ],
  [
    "NET.PUBLIC_SUFFIX('www.Example.Co.UK'), NET.REG_DOMAIN(' http://www.Example.Co.UK:80/x'), NET.REG_DOMAIN('http://例子.卷筒纸.中国'), NET.REG_DOMAIN('co.uk'), NET.PUBLIC_SUFFIX('//a.b/'), NET.REG_DOMAIN('.a.com..'), NET.PUBLIC_SUFFIX('a.blogspot.com'), NET.REG_DOMAIN('a..com'), NET.PUBLIC_SUFFIX('x.gob.cl')",
    ['Co.UK', 'Example.Co.UK', '卷筒纸.中国', null, null, 'a.com.', 'com', null, 'gob.cl'],
  ],
  [
    "TO_HEX(NET.IP_FROM_STRING('48.49.50.51')), TO_HEX(NET.IP_FROM_STRING('::1')), NET.IP_TO_STRING(b'\\x01\\x02\\x03\\x04'), NET.IP_TO_STRING(NET.IP_FROM_STRING('2001:db8::ff00:42:8329')), NET.SAFE_IP_FROM_STRING('x'), TO_HEX(NET.IP_NET_MASK(4, 20)), TO_HEX(NET.IP_TRUNC(b'\\xaa\\xbb\\xcc\\xdd', 11)), NET.IPV4_TO_INT64(b'\\x01\\x02\\x03\\x04'), TO_HEX(NET.IPV4_FROM_INT64(16909060))",
    [
      '30313233',
      '00000000000000000000000000000001',
      '1.2.3.4',
      '2001:db8::ff00:42:8329',
      null,
      'fffff000',
      'aaa00000',
      16909060,
      '01020304',
    ],
  ],
  ["NET.IP_FROM_STRING('x')", 'NET.IP_FROM_STRING() encountered an unparseable IP-address: x'],
  ["SPLIT('a,b')[OFFSET(0)], SPLIT('a,b')[0]", ['a', 'a']],
  ["SELECT ANY_VALUE(x HAVING MAX y) FROM UNNEST([STRUCT('a' AS x, 1 AS y), ('b', 3)])", ['b']],
  ['SELECT APPROX_QUANTILES(x, 4) FROM UNNEST([1,2,3,4,5,6,7,8,9]) x', [[1, 3, 5, 7, 9]]],
  ["SELECT APPROX_QUANTILES(x, 2) FROM UNNEST(['a','c','b']) x", [['a', 'b', 'c']]],
  ['SELECT APPROX_QUANTILES(DISTINCT x, 2) FROM UNNEST([1, 1, 1, 3, 5]) x', [[1, 3, 5]]],
  ['SELECT APPROX_QUANTILES(x, 3) FROM UNNEST([1, 2]) x', [[1, 1, 2, 2]]],
  ['SELECT APPROX_QUANTILES(x, 2) FROM UNNEST(CAST([] AS ARRAY<INT64>)) x', [[]]],
  [
    "SELECT APPROX_TOP_COUNT(x, 2) FROM UNNEST(['a','b','a',NULL,NULL,NULL]) x",
    [
      [
        { value: null, count: 3 },
        { value: 'a', count: 2 },
      ],
    ],
  ],
  [
    "SELECT APPROX_TOP_COUNT(x, 9) FROM UNNEST(['a','b','a','c']) x",
    [
      [
        { value: 'a', count: 2 },
        { value: 'c', count: 1 },
        { value: 'b', count: 1 },
      ],
    ],
  ],
  ['SELECT APPROX_TOP_COUNT(x, 1) FROM UNNEST(CAST([] AS ARRAY<INT64>)) x', [[]]],
  [
    'SELECT CORR(x, y), COVAR_POP(x, y), COVAR_SAMP(x, y) FROM UNNEST([STRUCT(1.0 AS x, 2.0 AS y), (2.0, 4.5), (3.0, 5.0), (NULL, 1.0)])',
    [0.9332565252573828, 1, 1.5],
  ],
  [
    'SELECT CORR(x, y), COVAR_POP(x, y), COVAR_SAMP(x, y), STDDEV(x), VARIANCE(x), STDDEV_POP(x) FROM UNNEST([STRUCT(1.0 AS x, 2.0 AS y)])',
    [null, 0, null, null, null, 0],
  ],
  ['SELECT STDDEV(x), VAR_SAMP(x) FROM UNNEST([1, 2, 4]) x', [1.5275252316519465, 2.333333333333333]],
  ['SELECT ARRAY_CONCAT_AGG(x) FROM UNNEST([STRUCT([1,2] AS x), STRUCT([3])])', [[1, 2, 3]]],
  ['SELECT LOGICAL_AND(x), LOGICAL_OR(x), COUNTIF(x) FROM UNNEST([TRUE, FALSE, NULL]) x', [false, true, 1]],
  ['SELECT BIT_AND(x), BIT_OR(x), BIT_XOR(x), BIT_XOR(DISTINCT x) FROM UNNEST([5, 3, 3]) x', [1, 7, 5, 6]],
  [
    "SELECT STRING_AGG(x, ', ' ORDER BY x DESC LIMIT 2), STRING_AGG(DISTINCT x) FROM UNNEST(['a','b','a', NULL]) x",
    ['b, a', 'a,b'],
  ],
  ["SELECT STRING_AGG(x) FROM UNNEST([b'a', b'b']) x", ['bytes:612c62']],
  ["SELECT MAX(x), MIN(x) FROM UNNEST([b'a', b'\\xff']) x", ['bytes:ff', 'bytes:61']],
  [
    "SELECT MAX_BY(x, y), MIN_BY(x, y) FROM UNNEST([STRUCT('a' AS x, 1.5 AS y), ('b', 3.0)])",
    'No matching signature for function MAX_BY for argument types: STRING, FLOAT64. Supported signature: MAX_BY(T, STRING); MAX_BY(T, BYTES); MAX_BY(T, INT64); MAX_BY(T, NUMERIC); MAX_BY(T, BIGNUMERIC); MAX_BY(T, BOOL); MAX_BY(T, DATE); MAX_BY(T, DATETIME); MAX_BY(T, TIME); MAX_BY(T, TIMESTAMP); MAX_BY(T, INTERVAL); MAX_BY(T, RANGE<DATE>); MAX_BY(T, RANGE<DATETIME>); MAX_BY(T, RANGE<TIMESTAMP>)',
  ],
  ['SELECT ARRAY_AGG(DISTINCT x ORDER BY x) FROM UNNEST([2,1,2]) x', [[1, 2]]],
  ['SELECT COUNT(DISTINCT x) FROM UNNEST([1.5, 1.5, NULL]) x', [1]],
  ['SELECT GROUPING(x) FROM UNNEST([1]) x GROUP BY x', [0]],
  [
    "SAFE_ADD(NUMERIC '1', NUMERIC '2'), SAFE_NEGATE(NUMERIC '1'), SAFE_SUBTRACT(NUMERIC '-9e28', NUMERIC '9e28')",
    ['3', '-1', null],
  ],
  ['SAFE.SUBSTR(CAST(1/0 AS STRING), 1, 1)', 'division by zero: 1.0 / 0.0'],
  [
    "NET.HOST('http://user:pw@WWW.Example.co.uk:80/x'), NET.HOST('a.b'), NET.HOST('//x.y/z'), NET.HOST(''), NET.HOST('mailto:a@b.c'), NET.HOST('http://[::1]:80/')",
    ['WWW.Example.co.uk', 'a.b', 'x.y', null, 'b.c', '[::1]'],
  ],
  ["b'\\x01' << 9, b'\\x80\\x01' >> 1, b'' << 1", ['bytes:00', 'bytes:4000', 'bytes:']],
  ['1 << -1', 'Bitwise shift by negative offset.'],
  [
    "b'\\x0f' & b'\\x03\\x04'",
    'Bitwise binary operator for BYTES requires equal length of the inputs. Got 1 bytes on the left hand side and 2 bytes on the right hand side.',
  ],
  ['ACOSH(0.5)', 'Floating point error in function: ACOSH(0.5)'],
  [
    "COT(CAST('inf' AS FLOAT64)), SEC(CAST('inf' AS FLOAT64)), TANH(CAST('inf' AS FLOAT64)), ASINH(CAST('-inf' AS FLOAT64)), SINH(CAST('inf' AS FLOAT64)), CSCH(CAST('inf' AS FLOAT64)), ACOSH(CAST('inf' AS FLOAT64)), ATANH(CAST('nan' AS FLOAT64)), COTH(CAST('-inf' AS FLOAT64))",
    [
      Number.NaN,
      Number.NaN,
      1,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      0,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      -1,
    ],
  ],
  ['RANGE_BUCKET(1, [3, 2, 1])', 'Elements in input array to RANGE_BUCKET must be in ascending order.'],
  ['RANGE_BUCKET(1, [1, NULL])', 'Elements in input array to RANGE_BUCKET must be in ascending order.'],
  [
    "PARSE_NUMERIC('+1'), PARSE_NUMERIC('1-'), PARSE_NUMERIC('.5'), PARSE_NUMERIC('1.'), PARSE_NUMERIC('1 2')",
    'Invalid input to PARSE_NUMERIC: "1 2"',
  ],
  [
    "PARSE_NUMERIC('1-'), PARSE_NUMERIC('.5'), PARSE_NUMERIC('1.'), PARSE_NUMERIC('1.5e-2'), PARSE_NUMERIC(',1,2,'), PARSE_NUMERIC('0.0000000005')",
    ['-1', '0.5', '1', '0.015', '12', '0.000000001'],
  ],
  ["PARSE_NUMERIC('')", 'Invalid input to PARSE_NUMERIC: ""'],
  ["PARSE_NUMERIC('1e40')", 'Invalid input to PARSE_NUMERIC: "1e40"'],
  ["PARSE_NUMERIC('1 2')", 'Invalid input to PARSE_NUMERIC: "1 2"'],
  [
    'GENERATE_ARRAY(0.0, 1.0, 0.1), GENERATE_ARRAY(1.0, 0.0), GENERATE_ARRAY(1.0, 0.0, -0.3)',
    [
      [0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9, 1],
      [],
      [1, 0.7, 0.4, 0.10000000000000009],
    ],
  ],
  ['GENERATE_ARRAY(0.0, 1.0, 0.0)', 'Sequence step cannot be 0.'],
  [
    "NET.HOST('http://a..b/'), NET.HOST('https://例え.jp/x?y'), NET.HOST('http://host:80'), NET.HOST('ftp://u@h'), NET.HOST(' http://a.b '), NET.HOST('a/b'), NET.HOST('?q'), NET.HOST('http:///x'), NET.HOST('javascript:alert(1)')",
    ['a..b', '例え.jp', 'host', 'h', 'a.b', 'a', null, null, 'javascript'],
  ],
  [
    'ARRAY_SLICE([1,2,3], 1, 9), ARRAY_SLICE([1,2,3], 2, 1), ARRAY_SLICE([1,2,3], -9, 1), ARRAY_SLICE([1,2,3], 5, 9), ARRAY_SLICE(NULL, 1, 1)',
    [[2, 3], [], [1, 2], [], []],
  ],
];

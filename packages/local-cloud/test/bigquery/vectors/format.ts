import type { Vectors } from './vectors.ts';

export const FORMAT: Vectors = [
  [
    'CAST(1/3 AS STRING), CAST(0.1 AS STRING), CAST(1e20 AS STRING), CAST(1.0 AS STRING), CAST(1e15 AS STRING),CAST(123456789012345680.0 AS STRING), CAST(5e-324 AS STRING), CAST(-0.0 AS STRING), CAST(1e-5 AS STRING), CAST(0.0001 AS STRING), CAST(1.7976931348623157e308 AS STRING)',
    [
      '0.33333333333333331',
      '0.1',
      '1e+20',
      '1',
      '1e+15',
      '1.2345678901234568e+17',
      '4.94065645841247e-324',
      '0',
      '1e-05',
      '0.0001',
      '1.7976931348623157e+308',
    ],
  ],
  [
    "CAST(CAST('inf' AS FLOAT64) AS STRING), CAST(CAST('-inf' AS FLOAT64) AS STRING), CAST(CAST('nan' AS FLOAT64) AS STRING), CAST(1e16 AS STRING), CAST(1e17 AS STRING), CAST(0.1+0.2 AS STRING), CAST(1e21 AS STRING), CAST(2.5e-10 AS STRING)",
    ['inf', '-inf', 'nan', '1e+16', '1e+17', '0.30000000000000004', '1e+21', '2.5e-10'],
  ],
  [
    "FORMAT('%d %i %u', 5, -5, 6), FORMAT('%5d|%-5d|%05d|%+d|% d', 42, 42, 42, 42, 42), FORMAT(\"%'d\", 1234567)",
    'Invalid type for argument 4 to FORMAT; Expected UINT; Got INT64',
  ],
  ["FORMAT('%x %X %o %#x', 255, 255, 8, 255), FORMAT('%x', -255)", ['ff FF 10 0xff', '-ff']],
  [
    "FORMAT('%f %F %e %E %g %G', 1.5, 1.5, 1.5, 1.5, 1.5, 1.5), FORMAT('%.2f', 2.675), FORMAT('%10.3f|%-10.2f|%+.1f', 3.14159, 2.5, 1.25), FORMAT('%g', 1e20), FORMAT('%.0f', 2.5), FORMAT(\"%'.2f\", 1234567.891)",
    [
      '1.500000 1.500000 1.500000e+00 1.500000E+00 1.5 1.5',
      '2.67',
      '     3.142|2.50      |+1.2',
      '1e+20',
      '2',
      '1,234,567.89',
    ],
  ],
  [
    "FORMAT('%s', 'añ'), FORMAT('%10s|%-5s|%.2s', 'añ', 'b', 'ñandú'), FORMAT('%%'), FORMAT('%s', NULL)",
    'Invalid type for argument 2 to FORMAT; Expected STRING; Got INT64',
  ],
  [
    "FORMAT('%t', 1), FORMAT('%t', 'x'), FORMAT('%T', 'x'), FORMAT('%t', 1.0), FORMAT('%T', 1.0), FORMAT('%t', NULL), FORMAT('%T', NULL), FORMAT('%t', TRUE), FORMAT('%t %T', DATE '2020-01-02', DATE '2020-01-02'), FORMAT('%t|%T', b'a\\xff', b'a\\xff')",
    [
      '1',
      'x',
      '"x"',
      '1.0',
      '1.0',
      'NULL',
      'NULL',
      'true',
      '2020-01-02 DATE "2020-01-02"',
      'a\\xff|b"a\\xff"',
    ],
  ],
  [
    "FORMAT('%t|%T', TIMESTAMP '2020-01-02 03:04:05+00', TIMESTAMP '2020-01-02 03:04:05.5+00'), FORMAT('%t|%T', DATETIME '2020-01-02 03:04:05', DATETIME '2020-01-02 03:04:05.5'), FORMAT('%t|%T', TIME '03:04:05', TIME '03:04:05'), FORMAT('%t|%T', [1,2], ['a']), FORMAT('%t|%T', STRUCT(1 AS a,'x'), STRUCT(1 AS a,'x')), FORMAT('%t|%T', NUMERIC '1.5', NUMERIC '1.5')",
    [
      '2020-01-02 03:04:05+00|TIMESTAMP "2020-01-02 03:04:05.500+00"',
      '2020-01-02 03:04:05|DATETIME "2020-01-02 03:04:05.500"',
      '03:04:05|TIME "03:04:05"',
      '[1, 2]|["a"]',
      '(1, x)|(1, "x")',
      '1.5|NUMERIC "1.5"',
    ],
  ],
  [
    "FORMAT('%*d', 5, 42), FORMAT('%.*f', 2, 3.14159), FORMAT('%-*d|', 5, 42), FORMAT('%*d|', -5, 42)",
    ['   42', '3.14', '42   |', '42   |'],
  ],
  ["FORMAT('%d', 1.5)", 'Invalid type for argument 2 to FORMAT; Expected integer; Got FLOAT64'],
  ["FORMAT('%s', 1)", 'Invalid type for argument 2 to FORMAT; Expected STRING; Got INT64'],
  ["FORMAT('%d')", 'Too few arguments to FORMAT for pattern "%d"; Expected 2; Got 1'],
  ["FORMAT('%d', 1, 2)", 'Too many arguments to FORMAT for pattern "%d"; Expected 2; Got 3'],
  ["FORMAT('%q', 1)", 'Invalid format specifier character "q" in FORMAT string: "%q"'],
  ["FORMAT('%')", 'Invalid FORMAT string: "%"'],
  [
    "FORMAT('%f', 1), FORMAT('%f', NUMERIC '1.255'), FORMAT('%.1f', NUMERIC '1.25'), FORMAT('%g', NUMERIC '1.5'), FORMAT('%e', NUMERIC '15')",
    'Invalid type for argument 2 to FORMAT; Expected FLOAT64; Got INT64',
  ],
  ["FORMAT('%d', NULL), FORMAT(NULL, 1), FORMAT('%d', CAST(NULL AS INT64))", [null, null, null]],
  [
    "FORMAT('%f', CAST('nan' AS FLOAT64)), FORMAT('%f', CAST('inf' AS FLOAT64)), FORMAT('%t', CAST('nan' AS FLOAT64)), FORMAT('%T', CAST('-inf' AS FLOAT64)), FORMAT('%010.2f', -3.14159), FORMAT('%5.1f%%', 12.345), FORMAT('%#o', 8), FORMAT('%+d', -1), FORMAT('%08d', -42), FORMAT('%F', CAST('inf' AS FLOAT64))",
    ['nan', 'inf', 'nan', 'CAST("-inf" AS FLOAT64)', '-000003.14', ' 12.3%', '010', '-1', '-0000042', 'INF'],
  ],
  [
    "FORMAT('%p', '{\"a\":1}'), FORMAT('%P', '{\"a\":1}')",
    'Invalid type for argument 2 to FORMAT; Expected PROTO or JSON; Got STRING',
  ],
  [
    "FORMAT('%10t|%-10t|%.2t', 5, 'a', 'abc'), FORMAT('%10T', 'x')",
    ['         5|a         |ab', '       "x"'],
  ],
  [
    "FORMAT('%T', 1e20), FORMAT('%T', 5), FORMAT('%T', 0.1), FORMAT('%T',-0.0), FORMAT('%t', 1e6), FORMAT('%t', 1e15), FORMAT('%T', NUMERIC '5')",
    ['1e+20', '5', '0.1', '-0.0', '1000000.0', '1e+15', 'NUMERIC "5"'],
  ],
  ["FORMAT('%d', TRUE)", 'Invalid type for argument 2 to FORMAT; Expected integer; Got BOOL'],
  [
    'FORMAT("%\'x", 1234567), FORMAT("%\'o", 1234567), FORMAT("%\'10d", 1234567), FORMAT("%\'e", 12345.6), FORMAT("%\'g", 1234567.0), FORMAT("%\'010d", 1234567)',
    ['12:d687', '455,3207', ' 1,234,567', '1.234560e+04', '1.23457e+06', '01,234,567'],
  ],
  [
    "FORMAT('%g', 100000.0), FORMAT('%g', 1e6), FORMAT('%g', 0.0001), FORMAT('%g', 0.00001), FORMAT('%.3g', 1234.5), FORMAT('%#g', 1.5), FORMAT('%G', 1e-10), FORMAT('%.10e', 1/3), FORMAT('%#.0f', 2.0), FORMAT('%a', 1.0)",
    'Invalid format specifier character "a" in FORMAT string: "%a"',
  ],
  [
    "FORMAT('%i', 9223372036854775807), FORMAT('%d', -9223372036854775808), FORMAT('%5s', CAST(NULL AS STRING)), FORMAT('%T', CAST(NULL AS DATE)), FORMAT('%5t', NULL), FORMAT('%s|', 'a\\0b')",
    'Syntax error: Illegal escape sequence: \\0',
  ],
  [
    "FORMAT('%.3d', 5), FORMAT('%+.3d', 5), FORMAT('%.0d', 0), FORMAT('%5.3d|', 5), FORMAT('% 05d', 5), FORMAT('%-05d|', 5), FORMAT('%o', -8)",
    ['005', '+005', '', '  005|', ' 0005', '5    |', '-10'],
  ],
  ["FORMAT('%f', 1)", 'Invalid type for argument 2 to FORMAT; Expected FLOAT64; Got INT64'],
  ["FORMAT('%f', 'x')", 'Invalid type for argument 2 to FORMAT; Expected FLOAT64; Got STRING'],
  [
    "FORMAT('%f', CAST('nan' AS FLOAT64)), FORMAT('%f', CAST('inf' AS FLOAT64)), FORMAT('%5.1f%%', 12.345),FORMAT('%F', CAST('inf' AS FLOAT64)),FORMAT('%08.2f', CAST('-inf' AS FLOAT64)),FORMAT('%+f', CAST('nan' AS FLOAT64))",
    ['nan', 'inf', ' 12.3%', 'INF', '    -inf', '+nan'],
  ],
  [
    "FORMAT('%f', NUMERIC '1.255'), FORMAT('%.1f', NUMERIC '1.25'), FORMAT('%g', NUMERIC '1.5'), FORMAT('%e', NUMERIC '15'), FORMAT('%.2f', NUMERIC '-0.005'), FORMAT(\"%'.3f\", NUMERIC '1234567.8')",
    ['1.255000', '1.3', '1.5', '1.500000e+01', '-0.01', '1,234,567.800'],
  ],
  [
    "FORMAT('%d', NULL), FORMAT('%d', CAST(NULL AS INT64)), FORMAT('a%sb%s', 'x', CAST(NULL AS STRING))",
    [null, null, null],
  ],
  [
    "FORMAT('%g', 100000.0), FORMAT('%g', 1e6), FORMAT('%g', 0.0001), FORMAT('%g', 0.00001), FORMAT('%.3g', 1234.5), FORMAT('%#g', 1.5), FORMAT('%G', 1e-10), FORMAT('%.10e', 1/3), FORMAT('%#.0f', 2.0), FORMAT('%.0e', 12345.0), FORMAT('%.0g', 0.00012)",
    [
      '100000',
      '1e+06',
      '0.0001',
      '1e-05',
      '1.23e+03',
      '1.50000',
      '1E-10',
      '3.3333333333e-01',
      '2.',
      '1e+04',
      '0.0001',
    ],
  ],
  [
    "FORMAT('%i', 9223372036854775807), FORMAT('%d', -9223372036854775808), FORMAT('%5s', CAST(NULL AS STRING)), FORMAT('%T', CAST(NULL AS DATE)), FORMAT('%5t', NULL), FORMAT('%s|', 'a\\0b')",
    'Syntax error: Illegal escape sequence: \\0',
  ],
  ["FORMAT('%u', 1)", 'Invalid type for argument 2 to FORMAT; Expected UINT; Got INT64'],
  ["FORMAT('%s', b'ab')", 'Invalid type for argument 2 to FORMAT; Expected STRING; Got BYTES'],
  ["FORMAT('%d', NUMERIC '1')", 'Invalid type for argument 2 to FORMAT; Expected integer; Got NUMERIC'],
  ["FORMAT('%x', 1.5)", 'Invalid type for argument 2 to FORMAT; Expected integer; Got FLOAT64'],
  [
    "FORMAT(b'%d', 1)",
    'No matching signature for function FORMAT for argument types: BYTES, INT64. Supported signature: FORMAT(STRING, ANY...); FORMAT(STRING)',
  ],
  ["FORMAT('%5%|'), FORMAT('%-5%|')", 'Invalid FORMAT string: "%5%|"'],
  ["FORMAT('%ld', 1)", 'Invalid format specifier character "l" in FORMAT string: "%ld"'],
  ["FORMAT('%1$d', 1)", 'Invalid format specifier character "$" in FORMAT string: "%1$d"'],
  ["FORMAT('%*d', NULL, 5), FORMAT('%*d', 5, NULL)", [null, null]],
  [
    "FORMAT('%.*f', -1, 3.14159), FORMAT('%.f', 2.5), FORMAT('%.1f %.1f', 0.25, 0.35), FORMAT('%.20f', 0.1), FORMAT('%.1f', 1e22), FORMAT('%.50f', 1/3)",
    [
      '3.141590',
      '2',
      '0.2 0.3',
      '0.10000000000000000555',
      '10000000000000000000000.0',
      '0.33333333333333331482961625624739099293947219848633',
    ],
  ],
  [
    "FORMAT('%t', [1.0, 2.5]), FORMAT('%T', [DATE '2020-01-01']), FORMAT('%t', STRUCT('a' AS x, b'b', TRUE, NULL)), FORMAT('%T', STRUCT('a' AS x, b'b', TRUE, NULL)), FORMAT('%T', [STRUCT(1,2)]), FORMAT('%t', CAST([] AS ARRAY<INT64>)), FORMAT('%T', CAST(NULL AS ARRAY<INT64>))",
    [
      '[1.0, 2.5]',
      '[DATE "2020-01-01"]',
      '(a, b, true, NULL)',
      '("a", b"b", true, NULL)',
      '[(1, 2)]',
      '[]',
      'NULL',
    ],
  ],
  [
    "FORMAT('%T', 'a\\u0001\\x7fé\\u2028😀'), FORMAT('%T', b'\\x00\\x7f\"\\''), FORMAT('%T', \"a'b\\\"c\"), FORMAT('%T', r'\\a'), FORMAT('%t', b'\\x00\"\\\\')",
    ['"a\\x01\\x7fé\u2028😀"', 'b"\\x00\\x7f\\"\'"', '"a\'b\\"c"', '"\\\\a"', '\\x00\\"\\\\'],
  ],
  ["FORMAT('%S', 'x')", 'Invalid format specifier character "S" in FORMAT string: "%S"'],
  [
    "FORMAT('%d %i', 5, -5), FORMAT('%5d|%-5d|%05d|%+d|% d', 42, 42, 42, 42, 42), FORMAT(\"%'d\", 1234567)",
    ['5 -5', '   42|42   |00042|+42| 42', '1,234,567'],
  ],
  [
    "FORMAT('%t', b'a\\'\"'), FORMAT(\"%'g\", 100000.0), FORMAT('%T', b\"'\"), FORMAT('%5t|%-5s|', 'ñ', '😀'), FORMAT(\"%'.2f\", 999.5), FORMAT(\"%'d\", -123), FORMAT(\"%'d\", -1234)",
    ['a\\\'\\"', '100,000', 'b"\'"', '    ñ|😀    |', '999.50', '-123', '-1,234'],
  ],
  [
    "FORMAT('%s', 'x\\n%d'), FORMAT('no'), FORMAT('100%%'), FORMAT('%t', -0.0), FORMAT('%f', -0.0), FORMAT('%t', 0.1), FORMAT('%t', 1/3), FORMAT('%t', 1e-7)",
    ['x\n%d', 'no', '100%', '-0.0', '0.000000', '0.1', '0.33333333333333331', '1e-07'],
  ],
  [
    "FORMAT('%t', TIMESTAMP '0001-01-01 00:00:00+00'), FORMAT('%t', DATE '0001-01-01'), FORMAT('%t', DATE '9999-12-31')",
    ['0001-01-01 00:00:00+00', '0001-01-01', '9999-12-31'],
  ],
  [
    'CAST(1e15 AS STRING), CAST(999999999999999.0 AS STRING), CAST(-1e15 AS STRING), CAST(1234567890123456.0 AS STRING), CAST(0.1 AS STRING), CAST(100.0 AS STRING), CAST(1e14 AS STRING)',
    ['1e+15', '999999999999999', '-1e+15', '1234567890123456', '0.1', '100', '100000000000000'],
  ],
];

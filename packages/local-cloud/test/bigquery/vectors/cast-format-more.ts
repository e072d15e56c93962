import type { Vectors } from './vectors.ts';

export const CAST_FORMAT_MORE: Vectors = [
  ["CAST(1234.56 AS STRING FORMAT '9,999.9')", [' 1,234.6']],
  [
    "CAST(-12 AS STRING FORMAT '999'), CAST(12 AS STRING FORMAT '999'), CAST(0 AS STRING FORMAT '999'), CAST(1234 AS STRING FORMAT '99')",
    [' -12', '  12', '   0', ' ##'],
  ],
  [
    "CAST(12 AS STRING FORMAT '000'), CAST(12 AS STRING FORMAT '0999'), CAST(12 AS STRING FORMAT '9990'), CAST(12 AS STRING FORMAT '0009')",
    [' 012', ' 0012', '   12', ' 0012'],
  ],
  [
    "CAST(12 AS STRING FORMAT 'X'), CAST(255 AS STRING FORMAT 'XXX'), CAST(255 AS STRING FORMAT 'xx'), CAST(-1 AS STRING FORMAT 'XX'), CAST(255 AS STRING FORMAT '0XXX')",
    [' C', '  FF', ' ff', ' -1', ' 00FF'],
  ],
  [
    "CAST(12.34 AS STRING FORMAT '99.99'), CAST(12.345 AS STRING FORMAT '99.99'), CAST(12.3 AS STRING FORMAT '99.99'), CAST(0.5 AS STRING FORMAT '9.9'), CAST(0.5 AS STRING FORMAT '.9'), CAST(12 AS STRING FORMAT '99.')",
    [' 12.34', ' 12.35', ' 12.30', '  .5', ' .5', ' 12.'],
  ],
  [
    "CAST(12 AS STRING FORMAT 'S999'), CAST(-12 AS STRING FORMAT 'S999'), CAST(12 AS STRING FORMAT '999S'), CAST(-12 AS STRING FORMAT '999MI'), CAST(12 AS STRING FORMAT '999MI'), CAST(-12 AS STRING FORMAT '999PR'), CAST(12 AS STRING FORMAT '999PR')",
    [' +12', ' -12', ' 12+', ' 12-', ' 12 ', ' <12>', '  12 '],
  ],
  [
    "CAST(12 AS STRING FORMAT '$999'), CAST(-12 AS STRING FORMAT '$999'), CAST(12 AS STRING FORMAT 'L999'), CAST(12 AS STRING FORMAT 'C999'), CAST(12 AS STRING FORMAT 'c999')",
    ['  $12', ' -$12', '  $12', '  USD12', '  usd12'],
  ],
  [
    "CAST(1234567 AS STRING FORMAT '9,999,999'), CAST(12 AS STRING FORMAT '9,999'), CAST(1234567 AS STRING FORMAT '9G999G999D99'), CAST(12 AS STRING FORMAT '0,000')",
    [' 1,234,567', '    12', ' 1,234,567.00', ' 0,012'],
  ],
  [
    "CAST(1234.5 AS STRING FORMAT '9.99EEEE'), CAST(0 AS STRING FORMAT '9.9EEEE'), CAST(-0.00123 AS STRING FORMAT '9.99EEEE'), CAST(1e100 AS STRING FORMAT '9.9EEEE')",
    [' 1.23E+03', ' 0.0E+00', '-1.23E-03', ' 1.0E+100'],
  ],
  [
    "CAST(12 AS STRING FORMAT 'B999'), CAST(0 AS STRING FORMAT 'B999'), CAST(0.5 AS STRING FORMAT 'B9.9')",
    ['  12', '    ', '    '],
  ],
  ["CAST(12 AS STRING FORMAT 'FM999'), CAST(12.5 AS STRING FORMAT 'FM999.99')", ['12', '12.5']],
  [
    "CAST(NUMERIC '1234.565' AS STRING FORMAT '9999.99'), CAST(BIGNUMERIC '-1234.565' AS STRING FORMAT '9999.99')",
    [' 1234.57', '-1234.57'],
  ],
  [
    "CAST(CAST('nan' AS FLOAT64) AS STRING FORMAT '999'), CAST(CAST('inf' AS FLOAT64) AS STRING FORMAT '999'), CAST(CAST('-inf' AS FLOAT64) AS STRING FORMAT '999')",
    [' NAN', ' INF', '-INF'],
  ],
  [
    "CAST(12 AS STRING FORMAT '')",
    "Error in format string: Format string must contain at least one of 'X', '0' or '9'",
  ],
  ["CAST(12 AS STRING FORMAT 'abc')", "Error in format string: Invalid format element 'a'"],
  [
    "CAST(12 AS STRING FORMAT '9\"x\"9'), CAST(12 AS STRING FORMAT '9-9'), CAST(12 AS STRING FORMAT '9 9')",
    "Error in format string: Invalid format element '\"'",
  ],
  ["CAST(NULL AS STRING FORMAT '999'), CAST(12 AS STRING FORMAT NULL)", [null, null]],
  [
    "CAST(b'abc' AS STRING FORMAT 'HEX'), CAST(b'abc' AS STRING FORMAT 'hex'), CAST(b'abc' AS STRING FORMAT 'BASE64'), CAST(b'abc' AS STRING FORMAT 'BASE64M'), CAST(b'abc' AS STRING FORMAT 'BASE32'), CAST(b'abc' AS STRING FORMAT 'BASE2'), CAST(b'abc' AS STRING FORMAT 'BASE8'), CAST(b'abc' AS STRING FORMAT 'BASE16'), CAST(b'abc' AS STRING FORMAT 'ASCII'), CAST(b'abc' AS STRING FORMAT 'UTF-8'), CAST(b'abc' AS STRING FORMAT 'UTF8')",
    "Invalid format 'BASE32'",
  ],
  ["CAST(b'\\xff' AS STRING FORMAT 'ASCII')", 'Failed to decode invalid ASCII string'],
  ["CAST(b'\\xff' AS STRING FORMAT 'UTF-8')", 'A string is not valid UTF-8.'],
  ["CAST(b'abc' AS STRING FORMAT 'X')", "Invalid format 'X'"],
  [
    "CAST('616263' AS BYTES FORMAT 'HEX'), CAST('YWJj' AS BYTES FORMAT 'BASE64'), CAST('MFRGG===' AS BYTES FORMAT 'BASE32'), CAST('011000010110001001100011' AS BYTES FORMAT 'BASE2'), CAST('30261143' AS BYTES FORMAT 'BASE8'), CAST('abc' AS BYTES FORMAT 'ASCII'), CAST('ñ' AS BYTES FORMAT 'UTF-8'), CAST('61 6263' AS BYTES FORMAT 'BASE16')",
    "Invalid format 'BASE32'",
  ],
  ["CAST('ñ' AS BYTES FORMAT 'ASCII')", 'Failed to decode invalid ASCII string'],
  ["CAST('6' AS BYTES FORMAT 'HEX')", ['bytes:06']],
  ["CAST('1' AS BYTES FORMAT 'BASE2'), CAST('7' AS BYTES FORMAT 'BASE8')", ['bytes:01', 'bytes:07']],
  ["CAST('x' AS BYTES FORMAT 'BASE2')", 'Failed to decode invalid base2 string'],
  ["SAFE_CAST('x' AS BYTES FORMAT 'BASE2')", [null]],
  [
    "CAST('2024-01-05 03:04:05' AS DATETIME FORMAT 'YYYY-MM-DD HH24:MI:SS'), CAST('2024-01-05 03:04:05.123 PM' AS DATETIME FORMAT 'YYYY-MM-DD HH12:MI:SS.FF3 AM'), CAST('03:04 P.M.' AS TIME FORMAT 'HH:MI A.M.'), CAST('12:00 AM' AS TIME FORMAT 'HH:MI AM'), CAST('3600' AS TIME FORMAT 'SSSSS')",
    "Format element 'AM' is not supported for parsing",
  ],
  [
    "CAST('2024-13-05' AS DATE FORMAT 'YYYY-MM-DD')",
    "Failed to parse input timestamp string at 5 with format element 'MM'",
  ],
  [
    "CAST('x' AS DATE FORMAT 'YYYY')",
    "Failed to parse input timestamp string at 0 with format element 'YYYY'",
  ],
  ["SAFE_CAST('2024-01-x' AS DATE FORMAT 'YYYY-MM-DD')", [null]],
  [
    "CAST('2024' AS DATE FORMAT 'YYYY YYYY')",
    "Format element 'YYYY' appears more than once in the format string",
  ],
  [
    "CAST('2024-01-05' AS DATE FORMAT 'YYYY-MM-DD HH24')",
    "Format element in category HOUR ('HH24') is not allowed for output type DATE",
  ],
  [
    "CAST('2024-01-05 extra' AS DATE FORMAT 'YYYY-MM-DD')",
    "Illegal non-space trailing data 'extra' in timestamp string",
  ],
  [
    "CAST('20240105' AS DATE FORMAT 'YYYYMMDD'), CAST('  2024-01-05  ' AS DATE FORMAT 'YYYY-MM-DD'), CAST('2024/01/05' AS DATE FORMAT 'YYYY-MM-DD')",
    "Failed to parse input timestamp string at 4 with format element '-'",
  ],
  ["CAST('1,234' AS INT64 FORMAT '9,999')", 'FORMAT is not allowed for cast from STRING to INT64'],
  ["CAST('1,234' AS NUMERIC FORMAT '9,999')", 'FORMAT is not allowed for cast from STRING to NUMERIC'],
  ["CAST('1,234.5' AS FLOAT64 FORMAT '9,999.9')", 'FORMAT is not allowed for cast from STRING to FLOAT64'],
  ["CAST(1 AS FLOAT64 FORMAT '9')", 'FORMAT is not allowed for cast from INT64 to FLOAT64'],
  [
    "CAST(DATE '2024-01-05' AS DATETIME FORMAT 'YYYY')",
    'FORMAT is not allowed for cast from DATE to DATETIME',
  ],
  ["CAST('true' AS BOOL FORMAT 'x')", 'FORMAT is not allowed for cast from STRING to BOOL'],
  ["CAST(TRUE AS STRING FORMAT 'x')", 'FORMAT is not allowed for cast from BOOL to STRING'],
  [
    "CAST(b'\\xab\\xcd' AS STRING FORMAT 'HEX'), CAST(b'\\xab\\xcd' AS STRING FORMAT 'hex'), CAST(b'\\xab\\xcd' AS STRING FORMAT 'BASE16')",
    ['abcd', 'abcd', 'abcd'],
  ],
  ["CAST(b'abc' AS STRING FORMAT 'BASE64')", ['YWJj']],
  ["CAST(b'abc' AS STRING FORMAT 'BASE64M')", ['YWJj']],
  [
    "CAST(REPEAT(b'abc', 30) AS STRING FORMAT 'BASE64M')",
    [
      'YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJj\nYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJj',
    ],
  ],
  ["CAST(b'abc' AS STRING FORMAT 'BASE2')", ['011000010110001001100011']],
  [
    "CAST(b'abc' AS STRING FORMAT 'BASE8'), CAST(b'ab' AS STRING FORMAT 'BASE8'), CAST(b'a' AS STRING FORMAT 'BASE8'), CAST(b'' AS STRING FORMAT 'BASE8')",
    ['30261143', '060542', '141', ''],
  ],
  ["CAST(b'abc' AS STRING FORMAT 'ASCII'), CAST(b'abc' AS STRING FORMAT 'UTF-8')", ['abc', 'abc']],
  ["CAST(b'abc' AS STRING FORMAT 'UTF8')", ['abc']],
  [
    "CAST('YWJj' AS BYTES FORMAT 'BASE64'), CAST('YWJj' AS BYTES FORMAT 'base64m')",
    ['bytes:616263', 'bytes:616263'],
  ],
  ["CAST('YW Jj' AS BYTES FORMAT 'BASE64')", ['bytes:616263']],
  ["CAST('YW\\nJj' AS BYTES FORMAT 'BASE64M')", ['bytes:616263']],
  ["CAST('Y' AS BYTES FORMAT 'BASE64')", 'Failed to decode invalid base64 string'],
  [
    "CAST('011000010110001001100011' AS BYTES FORMAT 'BASE2'), CAST('30261143' AS BYTES FORMAT 'BASE8'), CAST('777' AS BYTES FORMAT 'BASE8'), CAST('30' AS BYTES FORMAT 'BASE8'), CAST('302611431' AS BYTES FORMAT 'BASE8'), CAST('' AS BYTES FORMAT 'BASE8'), CAST('1111000011' AS BYTES FORMAT 'BASE2')",
    ['bytes:616263', 'bytes:616263', 'bytes:ff', 'bytes:18', 'bytes:030b1319', 'bytes:', 'bytes:03c3'],
  ],
  [
    "CAST('61 6263' AS BYTES FORMAT 'BASE16')",
    'Failed to decode invalid hexadecimal string due to character at offset 2: 61 6263',
  ],
  ["CAST('8' AS BYTES FORMAT 'BASE8')", 'Failed to decode invalid base8 string'],
  ["CAST('ñ' AS BYTES FORMAT 'UTF-8')", ['bytes:c3b1']],
  ["CAST('2024 060' AS DATE FORMAT 'YYYY DDD')", "Format element 'DDD' is not supported for parsing"],
  [
    "CAST('2024-01-05 03:04:05' AS DATETIME FORMAT 'YYYY-MM-DD HH24:MI:SS'), CAST('2024-01-05 03:04:05.123 p.m.' AS DATETIME FORMAT 'YYYY-MM-DD HH12:MI:SS.FF3 A.M.'), CAST('03:04 P.M.' AS TIME FORMAT 'HH:MI A.M.'), CAST('12:00 A.M.' AS TIME FORMAT 'HH:MI P.M.'), CAST('3600' AS TIME FORMAT 'SSSSS')",
    ['2024-01-05T03:04:05', '2024-01-05T15:04:05.123000', '15:04:00', '00:00:00', '01:00:00'],
  ],
  ["CAST('12:00 AM' AS TIME FORMAT 'HH:MI AM')", "Format element 'AM' is not supported for parsing"],
  [
    "CAST('12:00' AS TIME FORMAT 'HH:MI')",
    "Format element in category MERIDIAN_INDICATOR is required when format element 'HH' exists",
  ],
  ["CAST('12' AS TIME FORMAT 'A.M.')", "Format element 'A.M.' needs HH or HH12, and no HH24"],
  ["CAST('12 A.M.' AS TIME FORMAT 'HH24 A.M.')", "Format element 'A.M.' needs HH or HH12, and no HH24"],
  [
    "CAST('12 3600' AS TIME FORMAT 'HH24 SSSSS')",
    "Format element 'SSSSS' cannot exist with those of hours, minutes and seconds",
  ],
  [
    "CAST('20240105' AS DATE FORMAT 'YYYYMMDD'), CAST('  2024-01-05  ' AS DATE FORMAT 'YYYY-MM-DD'), CAST('2024 \\t 01' AS DATE FORMAT 'YYYY MM')",
    ['2024-01-05', '2024-01-05', '2024-01-01'],
  ],
  [
    "CAST('2024/01/05' AS DATE FORMAT 'YYYY-MM-DD')",
    "Failed to parse input timestamp string at 4 with format element '-'",
  ],
  [
    "CAST('2024' AS DATE FORMAT 'YYYY-MM')",
    "Entire timestamp string has been parsed before dealing with format element '-'",
  ],
  [
    "CAST('2023-02-29' AS DATE FORMAT 'YYYY-MM-DD')",
    'Invalid result from year, month, day values after parsing',
  ],
  [
    "CAST('0-01-05' AS DATE FORMAT 'YYYY-MM-DD')",
    'Invalid result from year, month, day values after parsing',
  ],
  [
    "CAST('10000-01-05' AS DATE FORMAT 'YYYY-MM-DD')",
    'Invalid result from year, month, day values after parsing',
  ],
  [
    "CAST('' AS DATE FORMAT 'YYYY')",
    "Entire timestamp string has been parsed before dealing with format element 'YYYY'",
  ],
  [
    "CAST('2024-01-05' AS DATE FORMAT 'YYYY-MM-DD' AT TIME ZONE 'UTC')",
    'AT TIME ZONE is not allowed for cast from STRING to DATE',
  ],
  [
    "CAST('03:04:05.123456789' AS TIME FORMAT 'HH24:MI:SS.FF9'), CAST('03:04:05.12' AS TIME FORMAT 'HH24:MI:SS.FF6'), CAST('.5' AS TIME FORMAT '.FF1')",
    ['03:04:05.123456', '03:04:05.120000', '00:00:00.500000'],
  ],
  [
    "CAST('2024 05' AS DATE FORMAT 'YYYY YY')",
    "More than one format element in category YEAR exist: 'YYYY' and 'YY'",
  ],
  [
    "CAST('x' AS DATE FORMAT NULL), CAST(NULL AS DATE FORMAT 'YYYY')",
    'FORMAT is not allowed for cast from INT64 to DATE',
  ],
  [
    "SAFE_CAST('x' AS DATE FORMAT 'YYYY'), SAFE_CAST(12 AS STRING FORMAT '9'), SAFE_CAST(DATE '2024-01-05' AS STRING FORMAT 'YYYY')",
    [null, ' #', '2024'],
  ],
  ["SAFE_CAST('x' AS DATE FORMAT 'zzz')", [null]],
  [
    "CAST(-0.0 AS STRING FORMAT '9.9'), CAST(-0.4 AS STRING FORMAT '9'), CAST(2.5 AS STRING FORMAT '9'), CAST(NUMERIC '2.5' AS STRING FORMAT '9'), CAST(0.05 AS STRING FORMAT '0.9'), CAST(123 AS STRING FORMAT '.99'), CAST(123 AS STRING FORMAT '9,9.9')",
    ['  .0', '-0', ' 2', ' 3', ' 0.1', ' .##', ' #,#.#'],
  ],
  ["CAST(12 AS STRING FORMAT '99S9')", "Error in format string: Unexpected '99S9'"],
  [
    "CAST(12 AS STRING FORMAT 'S99S')",
    "Error in format string: There can be at most one of 'S', 'MI', or 'PR'",
  ],
  ["CAST(12 AS STRING FORMAT ',99')", "Error in format string: Unexpected ',99'"],
  [
    "CAST(12 AS STRING FORMAT 'S,99'), CAST(12 AS STRING FORMAT 's99mi')",
    "Error in format string: There can be at most one of 'S', 'MI', or 'PR'",
  ],
  [
    "CAST(12 AS STRING FORMAT '9,9EEEE')",
    "Error in format string: ',' or 'G' cannot appear together with 'EEEE'",
  ],
  ["CAST(12 AS STRING FORMAT '9X')", "Error in format string: Unexpected '9X'"],
  [
    "CAST(300 AS STRING FORMAT 'XX'), CAST(255.5 AS STRING FORMAT 'XXX'), CAST(255 AS STRING FORMAT 'SXX'), CAST(171 AS STRING FORMAT 'XXMI'), CAST(171 AS STRING FORMAT '0x'), CAST(1e30 AS STRING FORMAT 'XXX'), CAST(171 AS STRING FORMAT 'xX')",
    [' ##', ' 100', '+FF', 'AB ', ' ab', ' ###', ' aB'],
  ],
  ["CAST(12 AS STRING FORMAT 'XXXXXXXXXXXXXXXXX')", "Error in format string: Max number of 'X' is 16"],
  ["CAST(12 AS STRING FORMAT '$XX')", "Error in format string: 'X' cannot appear together with '$'"],
  [
    "CAST(12 AS STRING FORMAT '99$'), CAST(12 AS STRING FORMAT '9$9'), CAST(0.5 AS STRING FORMAT '$0.99B'), CAST(12.5 AS STRING FORMAT '$99.99FM'), CAST(1.5 AS STRING FORMAT '9V99')",
    [' $12', ' $12', '      ', '$12.5', ' 150'],
  ],
  ["CAST(12 AS STRING FORMAT '$99$')", "Error in format string: There can be at most one of '$', 'C' or 'L'"],
  [
    "CAST(CAST('nan' AS FLOAT64) AS STRING FORMAT 'S999.9'), CAST(CAST('inf' AS FLOAT64) AS STRING FORMAT '99'), CAST(CAST('-inf' AS FLOAT64) AS STRING FORMAT '9,999.9PR'), CAST(CAST('inf' AS FLOAT64) AS STRING FORMAT '9.9EEEE'), CAST(CAST('inf' AS FLOAT64) AS STRING FORMAT '$FM9999')",
    [' NAN  ', ' ##', '  <INF  >', '     INF', '$INF'],
  ],
  ["CAST(CAST('inf' AS FLOAT64) AS STRING FORMAT 'XXX')", [' ###']],
  ["CAST(1 AS STRING FORMAT CONCAT('9', '9'))", ['  1']],
  [
    "CAST('2024-01-05' AS DATE FORMAT 'YYYY-MM-DD'), CAST('1-2-2024' AS DATE FORMAT 'DD-MM-YYYY')",
    ['2024-01-05', '2024-02-01'],
  ],
  [
    "CAST('2024-01-05 03:04:05+02:30' AS TIMESTAMP FORMAT 'YYYY-MM-DD HH24:MI:SSTZH:TZM') = TIMESTAMP '2024-01-05 00:34:05+00', CAST('2024-01-05 03' AS TIMESTAMP FORMAT 'YYYY-MM-DD HH24' AT TIME ZONE 'America/Santiago') = TIMESTAMP '2024-01-05 06:00:00+00'",
    [true, true],
  ],
  // ZetaSQL reads no names of months, unlike BigQuery.
  [
    "CAST('January 5, 2024' AS DATE FORMAT 'MONTH DD, YYYY'), CAST('5 JAN 2024' AS DATE FORMAT 'DD MON YYYY')",
    ['2024-01-05', '2024-01-05'],
  ],
];

import { quoted } from './literals.ts';

// What the generated queries know of functions.

const PARTS = [
  'MICROSECOND',
  'MILLISECOND',
  'SECOND',
  'MINUTE',
  'HOUR',
  'DAY',
  'WEEK',
  'ISOWEEK',
  'MONTH',
  'QUARTER',
  'YEAR',
  'ISOYEAR',
];
const FORMS = ['NFC', 'NFD', 'NFKC', 'NFKD'];

export const INTERVAL_PARTS = PARTS.filter((part) => !part.startsWith('ISO'));

export const partsOf = (name: string): readonly string[] => (name.startsWith('NORMALIZE') ? FORMS : PARTS);

const PATTERNS = [
  'a',
  '(a)',
  '[a-z]+',
  '(b)|a',
  '(a)(b)',
  '^a',
  'a$',
  r`\d+`,
  r`(\d)+`,
  'ñ',
  '.',
  '',
  '(',
  '(?i)jos(é)',
  r`\pL`,
  '[^,]*',
  'x?',
  '(?:a|b)+c',
  r`\bA`,
].map(pattern);
const FORMATS = [
  '%Y-%m-%d',
  '%F',
  '%T',
  '%d/%m/%y',
  '%A %B',
  '%a %b %e',
  '%H:%M:%S',
  '%j %U %W %V %u %w %G',
  '%E4Y',
  '%E3S',
  '%E*S',
  '%s',
  '%Z',
  '%z',
  '%I %p',
  '%R',
  '%D',
  '%c',
  '%x %X',
  '%Q',
  '%C %g',
  '%%',
  '%n%t',
  '%',
  '%k %l',
  '%P',
  '%h',
  '%y',
].map(quoted);

function r(strings: TemplateStringsArray): string {
  return strings.raw.join('');
}

function pattern(text: string): string {
  return `r'${text}'`;
}

const printf = [
  '%d',
  '%s',
  '%t',
  '%T',
  '%05d',
  '%-6s|',
  '%6.2f',
  '%e',
  '%g',
  '%x',
  '%i',
  '%%',
  '%+d',
  "%'d",
  '%10.3s',
  '%c',
].map(quoted);
const paths = ['$', '$.a', '$.a[0]', '$.b.c', '$.b', '$["a"]', '$.z', '$.a[9]', 'a', '$..a'].map(quoted);
const zones = [
  'UTC',
  'America/Santiago',
  'America/Mexico_City',
  '+05:30',
  '-3',
  'Nowhere/Else',
  'Europe/Madrid',
].map(quoted);
const patterns: Readonly<Record<number, readonly string[]>> = { 1: PATTERNS };

/** Arguments by function and index. Any other value would always give the same error. */
export const ARGUMENTS: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  REGEXP_CONTAINS: patterns,
  REGEXP_EXTRACT: patterns,
  REGEXP_SUBSTR: patterns,
  REGEXP_EXTRACT_ALL: patterns,
  REGEXP_INSTR: patterns,
  REGEXP_REPLACE: {
    ...patterns,
    2: ['', 'x', '[\\\\1]', '\\\\0', '\\\\2', 'é', '\\\\'].map((text) => `'${text}'`),
  },
  FORMAT_DATE: { 0: FORMATS },
  FORMAT_DATETIME: { 0: FORMATS },
  FORMAT_TIMESTAMP: { 0: FORMATS, 2: zones },
  FORMAT_TIME: { 0: FORMATS },
  PARSE_DATE: { 0: FORMATS },
  PARSE_DATETIME: { 0: FORMATS },
  PARSE_TIMESTAMP: { 0: FORMATS, 2: zones },
  PARSE_TIME: { 0: FORMATS },
  FORMAT: { 0: printf },
  JSON_VALUE: { 1: paths },
  JSON_QUERY: { 1: paths },
  JSON_EXTRACT: { 1: paths },
  JSON_EXTRACT_SCALAR: { 1: paths },
  JSON_VALUE_ARRAY: { 1: paths },
  JSON_QUERY_ARRAY: { 1: paths },
  JSON_EXTRACT_ARRAY: { 1: paths },
  JSON_EXTRACT_STRING_ARRAY: { 1: paths },
  REPEAT: { 1: ['0', '1', '3', '-1', 'NULL'] },
  LPAD: { 1: ['0', '1', '3', '9', '-1', 'NULL'] },
  RPAD: { 1: ['0', '1', '3', '9', '-1', 'NULL'] },
  GENERATE_ARRAY: {
    0: ['0', '-2', '5', 'NULL'],
    1: ['3', '-3', '5', 'NULL'],
    2: ['1', '2', '-1', '0', 'NULL'],
  },
  GENERATE_DATE_ARRAY: {
    0: ["DATE '2024-02-27'", 'NULL'],
    1: ["DATE '2024-03-02'", "DATE '2024-01-02'", 'NULL'],
  },
  NTILE: { 0: ['1', '2', '3', '0', 'NULL'] },
  NTH_VALUE: { 1: ['1', '2', '9', '0', 'NULL'] },
  LAG: { 1: ['0', '1', '2', 'NULL'], 2: ['NULL'] },
  LEAD: { 1: ['0', '1', '2', 'NULL'], 2: ['NULL'] },
};

/** Functions whose answer is another one each time, or may be any of several. */
export const UNPREDICTABLE = /^(RAND|GENERATE_UUID|SESSION_USER|CURRENT_.*|ANY_VALUE)$/;
/** Functions whose answer depends on the order of rows. */
export const ORDERED =
  /^(ARRAY_AGG|STRING_AGG|ARRAY_CONCAT_AGG|FIRST_VALUE|LAST_VALUE|NTH_VALUE|LAG|LEAD|ROW_NUMBER|NTILE|M(AX|IN)_BY)$/;

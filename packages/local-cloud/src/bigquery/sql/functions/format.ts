import { DuckDBBlobValue, type DuckDBDecimalValue, type DuckDBValue } from '@duckdb/node-api';
import { BIGNUMERIC_SCALE, decodeBigNumeric } from '../../bignumeric.ts';
import { parseJsonText } from '../../json.ts';
import { type DataType, typeName } from '../../types.ts';
import { FunctionError } from './computed.ts';
import { type Decimal, exactDecimal, exponentText, fixed, general, scientific } from './exact-decimal.ts';
import { prettyJson, printedLiteral, printedText, readTypes } from './printed.ts';

/** A format specifier: `%-10.2f`. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string */
interface Specifier {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly letter: string;
}

const SPECIFIER = /%([-+ #0']*)(\*|\d+)?(?:\.(\*|\d*))?([\s\S])?/g;

const EXPECTED: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'dioxX'].map((letter) => [letter, 'integer'])),
  ...Object.fromEntries([...'fFeEgG'].map((letter) => [letter, 'FLOAT64'])),
  s: 'STRING',
  u: 'UINT',
  p: 'PROTO or JSON',
  P: 'PROTO or JSON',
};

const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  integer: ['INT64'],
  FLOAT64: ['FLOAT64', 'NUMERIC', 'BIGNUMERIC'],
  'PROTO or JSON': ['JSON'],
  STRING: ['STRING'],
};

/** Widths and precisions beyond are mistakes, or attacks on memory. */
const MAX_WIDTH = 1_000_000;

/** FORMAT: NULL when an argument is NULL, but for those of `%t` and `%T`. `types` are those of the arguments, as JSON. */
export function format(pattern: string, types: string, ...args: readonly DuckDBValue[]): string | null {
  const kinds = readTypes<readonly DataType[]>(types);
  let used = 0;
  let isNull = false;
  const take = (expected: string | undefined): { type: DataType; value: DuckDBValue } => {
    const type = kinds[used];
    const value = args[used] ?? null;
    used += 1;
    const position = used + 1;
    if (!type)
      throw new FunctionError(
        `Too few arguments to FORMAT for pattern "${pattern}"; Expected ${position}; Got ${position - 1}`,
      );
    if (expected !== undefined && !ACCEPTED[expected]?.includes(type.kind))
      throw new FunctionError(
        `Invalid type for argument ${position} to FORMAT; Expected ${expected}; Got ${typeName(type)}`,
      );
    return { type, value };
  };
  const size = (text: string | undefined): number | undefined => {
    const value = text === '*' ? take('integer').value : text;
    if (value === undefined) return undefined;
    if (value === null) isNull = true;
    const number = Number(value ?? 0);
    if (Math.abs(number) > MAX_WIDTH) throw new FunctionError(`A width of ${number} in FORMAT is too large`);
    return number;
  };
  const formatted = pattern.replaceAll(
    SPECIFIER,
    (whole, flags: string, widthText, precisionText, letter?: string) => {
      if (whole === '%%') return '%';
      if (letter === undefined || letter === '%')
        throw new FunctionError(`Invalid FORMAT string: "${pattern}"`);
      const expected = Object.hasOwn(EXPECTED, letter) ? EXPECTED[letter] : undefined;
      if (!expected && letter !== 't' && letter !== 'T')
        throw new FunctionError(
          `Invalid format specifier character "${letter}" in FORMAT string: "${pattern}"`,
        );
      const width = size(widthText) ?? 0;
      const precision = size(precisionText);
      const { type, value } = take(expected);
      if (value === null && expected) {
        isNull = true;
        return '';
      }
      return formattedValue(
        {
          flags: width < 0 ? `${flags}-` : flags,
          width: Math.abs(width),
          precision: precision !== undefined && precision < 0 ? undefined : precision,
          letter,
        },
        type,
        value,
      );
    },
  );
  if (used < args.length)
    throw new FunctionError(
      `Too many arguments to FORMAT for pattern "${pattern}"; Expected ${used + 1}; Got ${args.length + 1}`,
    );
  return isNull ? null : formatted;
}

function formattedValue(specifier: Specifier, type: DataType, value: DuckDBValue): string {
  const { letter, precision } = specifier;
  switch (letter) {
    case 'P':
      return padded(specifier, truncated(prettyJson(parseJsonText(String(value))), precision));
    case 'p':
    case 's':
      return padded(specifier, truncated(String(value), precision));
    case 't':
      return padded(specifier, truncated(printedText(type, value), precision));
    case 'T':
      return padded(specifier, truncated(printedLiteral(type, value), precision));
    default:
      return type.kind === 'INT64'
        ? formattedInteger(specifier, value as bigint)
        : formattedNumber(specifier, value as number | DuckDBDecimalValue | DuckDBBlobValue);
  }
}

function truncated(text: string, length: number | undefined): string {
  return length === undefined ? text : [...text].slice(0, length).join('');
}

function padded({ flags, width }: Specifier, text: string): string {
  const spaces = ' '.repeat(Math.max(0, width - [...text].length));
  return flags.includes('-') ? `${text}${spaces}` : `${spaces}${text}`;
}

/** Sign, prefix and digits, with zeros between prefix and digits up to the width if `zeros`. */
function signed(
  specifier: Specifier,
  negative: boolean,
  prefix: string,
  digits: string,
  zeros: boolean,
): string {
  const { flags, width } = specifier;
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const start = `${sign}${prefix}`;
  if (!zeros || !flags.includes('0') || flags.includes('-')) return padded(specifier, `${start}${digits}`);
  return `${start}${digits.padStart(width - start.length, '0')}`;
}

function formattedInteger(specifier: Specifier, value: bigint): string {
  const { flags, precision, letter } = specifier;
  const size = value < 0n ? -value : value;
  const radix = letter === 'o' ? 8 : letter === 'x' || letter === 'X' ? 16 : 10;
  let digits = precision === 0 && size === 0n ? '' : size.toString(radix).padStart(precision ?? 1, '0');
  if (letter === 'X') digits = digits.toUpperCase();
  if (flags.includes("'")) {
    if (radix === 16) digits = grouped(digits, 4, ':');
    else digits = grouped(digits, radix === 8 ? 4 : 3, ',');
  }
  const alternate = flags.includes('#') && size !== 0n;
  const prefix = !alternate || radix === 10 ? '' : radix === 8 ? '0' : `0${letter}`;
  return signed(specifier, value < 0n, prefix, digits, precision === undefined);
}

function grouped(digits: string, size: number, separator: string): string {
  return digits.replaceAll(new RegExp(`(?<=.)(?=(?:.{${size}})+$)`, 'g'), separator);
}

const DEFAULT_PRECISION = 6;

/** The exact number; undefined for one that is not finite. The bytes are a BIGNUMERIC. */
export function decimalOf(value: number | DuckDBDecimalValue | DuckDBBlobValue): Decimal | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? exactDecimal(value) : undefined;
  if (value instanceof DuckDBBlobValue)
    return { units: decodeBigNumeric(value), scale: BIGNUMERIC_SCALE, ties: 'away' };
  return { units: value.value, scale: value.scale, ties: 'away' };
}

function formattedNumber(specifier: Specifier, value: number | DuckDBDecimalValue | DuckDBBlobValue): string {
  const { letter, flags } = specifier;
  const isUpper = letter === letter.toUpperCase();
  const cased = (text: string) => (isUpper ? text.toUpperCase() : text);
  const decimal = decimalOf(value);
  if (!decimal)
    return signed(specifier, Number(value) < 0, '', cased(Number.isNaN(value) ? 'nan' : 'inf'), false);
  const isNegative = decimal.units < 0n;
  const digits = digitsOf(specifier, decimal);
  const [whole = '', ...rest] = digits.split(/(?=[.e])/);
  const isGrouped = flags.includes("'") && !digits.includes('e');
  const text = isGrouped ? `${grouped(whole, 3, ',')}${rest.join('')}` : digits;
  return signed(specifier, isNegative, '', cased(text), true);
}

function digitsOf({ letter, flags, precision = DEFAULT_PRECISION }: Specifier, value: Decimal): string {
  const alternate = flags.includes('#');
  const point = alternate && precision === 0 ? '.' : '';
  switch (letter.toLowerCase()) {
    case 'f':
      return `${fixed(value, precision)}${point}`;
    case 'e': {
      const { mantissa, exponent } = scientific(value, precision);
      return `${mantissa}${point}${exponentText(exponent)}`;
    }
    default:
      return general(value, precision, alternate);
  }
}

import type { DuckDBBlobValue, DuckDBDecimalValue } from '@duckdb/node-api';
import { cached } from '../../cached.ts';
import { defined, FunctionError } from './computed.ts';
import { type Decimal, exponentText, fixed, scientific } from './exact-decimal.ts';
import { decimalOf } from './format.ts';

/** `CAST(number AS STRING FORMAT '9,999.99')`. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_numeric_type_as_string */

interface NumberFormat {
  /** Without spaces around the number. */
  readonly isCompact: boolean;
  /** Spaces for a number without an integer part. */
  readonly isBlank: boolean;
  readonly currency: string;
  readonly sign: 'first' | 'last' | 'minus' | 'brackets' | undefined;
  /** `0`, `9` and `,`; of hexadecimal digits `0`, `x` and `X`. */
  readonly whole: string;
  /** Undefined for `V`, which writes nothing, and where there is none. */
  readonly point: string | undefined;
  readonly decimals: number;
  readonly exponent: string;
  readonly isHex: boolean;
}

const TOKEN = /[$09x.d,gsbvcl]|mi|pr|rn|eeee|fm|tm9|tme|tm/iy;

/** A character for each element, so that the whole format is one pattern. */
const SYMBOLS: Readonly<Record<string, string>> = {
  D: '.',
  G: ',',
  MI: 'M',
  PR: 'P',
  TM9: 'T',
  TME: 'T',
  TM: 'T',
  RN: 'R',
  EEEE: 'E',
  eeee: 'e',
  x: 'x',
};

const DECIMAL = /^(S?)((?!(?<!S),)[09,]*)(?:([.V])([09]*))?([Ee]?)([SMP]?)$/;
const HEX = /^(S?)([0Xx]*[Xx][0Xx]*)([SMP]?)$/;
const MAX_HEX_DIGITS = 16;
const SIGN = { S: 'last', M: 'minus', P: 'brackets' } as const;

function problem(text: string): FunctionError {
  return new FunctionError(`Error in format string: ${text}`);
}

const MAX_FORMATS = 100;
const formatOf = cached(MAX_FORMATS, readFormat);

function readFormat(pattern: string): NumberFormat {
  const flags: string[] = [];
  let rest = '';
  for (let at = 0; at < pattern.length; ) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(pattern) ?? [];
    if (token === undefined) throw problem(`Invalid format element '${pattern[at]}'`);
    at += token.length;
    if (/^(?:[$BCL]|FM)$/i.test(token)) flags.push(token);
    else rest += SYMBOLS[token] ?? SYMBOLS[token.toUpperCase()] ?? token.toUpperCase();
  }
  const once = (flag: RegExp, message: string): string => {
    const [first = '', second] = flags.filter((given) => flag.test(given));
    if (second !== undefined) throw problem(message);
    return first;
  };
  const currency = once(/^[$CL]$/i, "There can be at most one of '$', 'C' or 'L'");
  const isBlank = once(/^B$/i, "There can be at most one 'B'") !== '';
  const isCompact = once(/^FM$/i, "'FM' cannot be repeated") !== '';
  if (/^[TR]$/.test(rest))
    throw new FunctionError(`The format ${pattern} of a number is not supported by the local BigQuery`);
  const shared = {
    ...{ isCompact, isBlank },
    currency:
      currency === '' ? '' : /^c$/i.test(currency) ? currency.replace('C', 'USD').replace('c', 'usd') : '$',
  };
  const [, hexSign, digits, hexEnd] = HEX.exec(rest) ?? [];
  if (digits !== undefined) return { ...shared, ...hexFormat(digits, shared), sign: signOf(hexSign, hexEnd) };
  const [, sign, whole = '', point, fraction = '', exponent = '', end] = DECIMAL.exec(rest) ?? [];
  if (sign === undefined) throw problem(`Unexpected '${rest}'`);
  if (!/[09]/.test(whole + fraction))
    throw problem("Format string must contain at least one of 'X', '0' or '9'");
  if (whole.includes(',') && exponent) throw problem("',' or 'G' cannot appear together with 'EEEE'");
  return {
    ...shared,
    // One digit before the point.
    whole: exponent ? whole.slice(-1) : whole,
    point: point === '.' ? '.' : point && '',
    decimals: fraction.length,
    exponent,
    isHex: false,
    sign: signOf(sign, end),
  };
}

function hexFormat(whole: string, { currency, isBlank }: { currency: string; isBlank: boolean }) {
  if (whole.length > MAX_HEX_DIGITS) throw problem("Max number of 'X' is 16");
  if (currency || isBlank) throw problem(`'X' cannot appear together with '${currency || 'B'}'`);
  return { whole, point: undefined, decimals: 0, exponent: '', isHex: true } as const;
}

function signOf(first = '', last = ''): NumberFormat['sign'] {
  if (first && last) throw problem("There can be at most one of 'S', 'MI', or 'PR'");
  return first ? 'first' : SIGN[last as keyof typeof SIGN];
}

/** The sign before the number, and what is after it. */
function signs(sign: NumberFormat['sign'], isNegative: boolean): readonly [string, string] {
  const plus = isNegative ? '-' : '+';
  if (sign === 'first') return [plus, ''];
  if (sign === 'last') return ['', plus];
  if (sign === 'minus') return ['', isNegative ? '-' : ' '];
  if (sign === 'brackets') return isNegative ? ['<', '>'] : [' ', ' '];
  return [isNegative ? '-' : ' ', ''];
}

/** The digits from the right in the places of the format, with zeros to its first `0`; `left` places are not used. */
function placed(format: string, digits: string, isOverflow: boolean): { text: string; left: number } {
  const zero = format.indexOf('0');
  let text = '';
  let next = digits.length - 1;
  let place = format.length - 1;
  for (; place >= 0 && (next >= 0 || (zero >= 0 && place >= zero)); place -= 1) {
    if (format[place] === ',') text = `,${text}`;
    else {
      text = `${isOverflow ? '#' : (digits[next] ?? '0')}${text}`;
      next -= 1;
    }
  }
  return { text, left: place + 1 };
}

function finished(
  format: NumberFormat,
  { left, text }: { left: number; text: string },
  [before, after]: readonly [string, string],
  isBlank = false,
): string {
  const number = `${before}${format.currency}${text}${after}`;
  const written = `${' '.repeat(left)}${isBlank ? number.replaceAll(/./g, ' ') : number}`;
  return format.isCompact ? written.replace(/^[ ]+|[ ]+$/g, '') : written;
}

function formattedDecimal(format: NumberFormat, value: Decimal): string {
  const isNegative = value.units < 0n;
  const { decimals } = format;
  const { mantissa, exponent } = format.exponent
    ? scientific(value, decimals)
    : { mantissa: fixed(value, decimals), exponent: 0 };
  const [digits = '', all = ''] = mantissa.split('.');
  const whole = digits === '0' ? '' : digits;
  const fraction = format.isCompact ? all.replace(/0+$/, '') : all;
  const room = format.whole.replaceAll(',', '').length;
  const isOverflow = whole.length > room;
  const hasWhole = whole !== '' || format.exponent !== '' || format.whole.includes('0') || fraction === '';
  const places =
    room > 0 && hasWhole
      ? placed(format.whole, whole || '0', isOverflow)
      : { text: '', left: format.whole.length };
  const tail = isOverflow ? '#'.repeat(decimals) : fraction;
  const power =
    format.exponent && (isOverflow ? '####' : `${format.exponent}${exponentText(exponent).slice(1)}`);
  const text = `${places.text}${format.point ?? ''}${tail}${power}`;
  const isBlank = format.isBlank && whole === '';
  return finished(format, { ...places, text }, signs(format.sign, isNegative), isBlank);
}

/** Of a number above 64 bits, all digits overflow. */
function formattedHex(format: NumberFormat, size: bigint | undefined, isNegative: boolean): string {
  const digits = size === undefined || size >= 2n ** 64n ? '0'.repeat(17) : size.toString(16);
  // A 0 has the case of the next X.
  const cases = Array.from(format.whole, (_, index) => /[Xx]/.exec(format.whole.slice(index))?.[0] ?? 'X');
  const { text, left } = placed(format.whole, digits, digits.length > format.whole.length);
  const cased = Array.from(text, (digit, index) =>
    cases[left + index] === 'X' ? digit.toUpperCase() : digit,
  ).join('');
  return finished(format, { text: cased, left }, signs(format.sign, isNegative));
}

function formattedSpecial(format: NumberFormat, value: number): string {
  const word = Number.isNaN(value) ? 'NAN' : 'INF';
  const [before, after] = signs(format.sign, value < 0);
  const own = Number.isNaN(value)
    ? ([before.replaceAll(/./g, ' '), after.replaceAll(/./g, ' ')] as const)
    : ([before, after] as const);
  const length = format.whole.length + (format.point === undefined ? 0 : 1) + format.decimals;
  if (format.exponent) return finished(format, { left: length + 1, text: word }, own);
  const isOverflow = format.whole.length < word.length;
  const whole = isOverflow
    ? placed(format.whole, word, true)
    : { text: word, left: format.whole.length - word.length };
  const tail = `${format.point ?? ''}${'#'.repeat(format.decimals)}`;
  const text = `${whole.text}${isOverflow ? tail : tail.replaceAll(/./g, ' ')}`;
  return finished(format, { left: whole.left, text }, own);
}

type Numeral = bigint | number | DuckDBDecimalValue | DuckDBBlobValue;

export const formatNumber = defined('cast_number_format', 'STRING, ANY... -> STRING', (pattern, given) => {
  if (given === null || given === undefined) return null;
  const format = formatOf(pattern);
  const value = given as Numeral;
  const decimal: Decimal | undefined =
    typeof value === 'bigint' ? { units: value, scale: 0, ties: 'away' } : decimalOf(value);
  if (!format.isHex)
    return decimal ? formattedDecimal(format, decimal) : formattedSpecial(format, Number(value));
  const size = decimal && BigInt(fixed({ ...decimal, ties: 'away' }, 0));
  return formattedHex(format, size, decimal ? decimal.units < 0n : Number(value) < 0);
});

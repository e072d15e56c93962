import { invalidQuery, type Position } from '../../errors.ts';
import { type DataType, scalar, typeName } from '../../types.ts';
import { coerce } from '../coercion.ts';
import type { ExpressionContext } from '../context.ts';
import { isolated } from '../let.ts';
import { combined, type Resolved } from '../resolved.ts';
import { formatNumber } from './cast-number.ts';
import { elementsIn, parseByFormat } from './cast-parse.ts';
import { defined, FunctionError } from './computed.ts';
import { fromBase64, fromHex } from './general.ts';
import { formatTimeElements, ofKinds, type TimeKind } from './time-format.ts';

/** `CAST(x AS STRING FORMAT 'YYYY-MM')`. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#formatting_syntax */

const ELEMENT =
  /YYYY|YYY|YY|Y|RRRR|RR|MONTH|MON|MM|MI|DDD|DD|DAY|DY|D|HH24|HH12|HH|SSSSS|SS|FF[1-9]|A\.M\.|P\.M\.|AM|PM|TZH|TZM|[-./,';: ]|"((?:[^"\\]|\\.)*)"/giy;

/** The elements of FORMAT_DATE and the like that give the digits. */
const SAME: Readonly<Record<string, string>> = {
  YYYY: '%E4Y',
  RRRR: '%E4Y',
  YY: '%y',
  RR: '%y',
  MM: '%m',
  DD: '%d',
  DDD: '%j',
  HH24: '%H',
  HH12: '%I',
  HH: '%I',
  MI: '%M',
  SS: '%S',
};

const NAMES: Readonly<Record<string, string>> = {
  MONTH: '%B',
  MON: '%b',
  DAY: '%A',
  DY: '%a',
  AM: '%p',
  PM: '%p',
  'A.M.': '%p',
  'P.M.': '%p',
};

const OF_TIME = /^(HH|MI|SS|FF|[AP]M|[AP]\.M)/;

function assertKind(kind: TimeKind, element: string): void {
  const isAllowed = element.startsWith('TZ')
    ? kind === 'TIMESTAMP'
    : OF_TIME.test(element)
      ? kind !== 'DATE'
      : kind !== 'TIME';
  if (!isAllowed) throw new FunctionError(`${kind} does not support '${element}'`);
}

/** The case of the first two letters of an element is that of the name. */
function cased(name: string, element: string): string {
  const letters = element.replaceAll('.', '');
  if (/^[a-z]/.test(letters)) return name.toLowerCase();
  if (letters.length === 2 && /[AP]M/i.test(letters)) return name.toUpperCase();
  return /^.[A-Z]/.test(letters) ? name.toUpperCase() : name;
}

function formatted(kind: TimeKind, pattern: string, micros: bigint, zone?: string): string {
  const digits = (element: string) => formatTimeElements(kind, element, micros, zone);
  const texts = elementsIn(pattern, ELEMENT).map(([written, quoted]) => {
    if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, '$1');
    if (/^[-./,';: ]$/.test(written)) return written;
    assertKind(kind, written.toUpperCase());
    return elementText(written, digits);
  });
  return texts.join('');
}

function elementText(written: string, digits: (element: string) => string): string {
  const element = written.toUpperCase();
  const same = SAME[element];
  if (same) return digits(same);
  const name = NAMES[element];
  if (name)
    return cased(element.includes('.') ? digits(name).replaceAll(/(.)/g, '$1.') : digits(name), written);
  if (element.startsWith('FF')) return digits('%E9S').slice(3, 3 + Number(element.slice(2)));
  if (element === 'YYY' || element === 'Y') return digits('%E4Y').slice(-element.length);
  if (element === 'D') return String(Number(digits('%w')) + 1);
  if (element === 'TZH') return digits('%Ez').slice(0, 3);
  if (element === 'TZM') return digits('%Ez').slice(4);
  const [hours = 0, minutes = 0, seconds = 0] = digits('%H %M %S').split(' ').map(Number);
  return String((hours * 60 + minutes) * 60 + seconds).padStart(5, '0');
}

const OF_TIMES = ofKinds(
  'cast_format',
  '$, STRING, ZONE -> STRING',
  (kind, micros: bigint, pattern: string, zone?: string) => formatted(kind, pattern, micros, zone),
);

type BytesFormat = readonly [write: (bytes: Uint8Array) => string, read: (text: string) => Uint8Array];

const hex: BytesFormat = [(bytes) => Buffer.from(bytes).toString('hex'), fromHex];
const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** The formats of BYTES as text. */
const OF_BYTES: Readonly<Record<string, BytesFormat>> = {
  HEX: hex,
  BASE16: hex,
  BASE64: [toBase64, fromBase64],
  BASE64M: [(bytes) => toBase64(bytes).replaceAll(/.{76}(?=.)/g, '$&\n'), fromBase64],
  BASE2: [(bytes) => digitsOf(bytes, 2, 8), (text) => bytesOf(text, 2, 'base2')],
  BASE8: [(bytes) => digitsOf(bytes, 8, 8 / 3), (text) => bytesOf(text, 8, 'base8')],
  ASCII: [(bytes) => ascii(Buffer.from(bytes).toString('latin1')), (text) => Buffer.from(ascii(text))],
  'UTF-8': [utf8, (text) => Buffer.from(text)],
  UTF8: [utf8, (text) => Buffer.from(text)],
};

function ascii(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII.
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  throw new FunctionError('Failed to decode invalid ASCII string');
}

function utf8(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new FunctionError('A string is not valid UTF-8.');
}

function digitsOf(bytes: Uint8Array, radix: number, digitsPerByte: number): string {
  if (bytes.length === 0) return '';
  const number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return number.toString(radix).padStart(Math.ceil(bytes.length * digitsPerByte), '0');
}

function bytesOf(text: string, radix: 2 | 8, name: string): Uint8Array {
  if (!new RegExp(`^[0-${radix - 1}]*$`).test(text))
    throw new FunctionError(`Failed to decode invalid ${name} string`);
  const number = BigInt(`0${radix === 2 ? 'b' : 'o'}0${text}`);
  const rest = text.length % 8;
  const length =
    radix === 2 ? Math.ceil(text.length / 8) : 3 * ((text.length - rest) / 8) + (OCTAL_BYTES[rest] ?? 0);
  const hex = number.toString(16).padStart(length * 2, '0');
  return Buffer.from(hex.slice(hex.length - length * 2), 'hex');
}

/** Bytes of so many octal digits. Of three and six, the first bit is lost. */
const OCTAL_BYTES = [0, 1, 1, 1, 2, 2, 2, 3];

function bytesFormat(format: string) {
  const known = OF_BYTES[format.toUpperCase()];
  if (!known) throw new FunctionError(`Invalid format '${format}'`);
  return known;
}

const formatBytes = defined('cast_bytes_format', 'BYTES, STRING -> STRING', (bytes, format) =>
  bytesFormat(format)[0](bytes),
);
const parseBytes = defined('cast_as_bytes', 'STRING, STRING -> BYTES', (text, format) =>
  bytesFormat(format)[1](text),
);

/** The SQL of a cast, given those of the value, of the format and of a time zone. */
type CastBy = (args: readonly string[], now: string) => string;

/** Casts by their types, `DATE STRING`. A pair that is missing here takes no FORMAT. */
const CASTS = new Map<string, CastBy>([
  ...Object.entries(OF_TIMES).map(([kind, call]): [string, CastBy] => [
    `${kind} STRING`,
    (args) => call(args),
  ]),
  ...['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC'].map((kind): [string, CastBy] => [
    `${kind} STRING`,
    ([value = '', format = '']) => formatNumber([format, value]),
  ]),
  ...Object.entries(parseByFormat).map(([kind, call]): [string, CastBy] => [
    `STRING ${kind}`,
    ([text = '', format = '', ...zone], now) => call([text, format, now, ...zone]),
  ]),
  ['BYTES STRING', (args) => formatBytes(args)],
  ['STRING BYTES', (args) => parseBytes(args)],
]);

/** CAST and SAFE_CAST with FORMAT. */
export function castByFormat(
  { value, format, zone, type, safe }: FormatCast,
  at: Position,
  { bindings, now }: ExpressionContext,
): Resolved {
  const [from, to] = [typeName(value.type), typeName(type)];
  const string = scalar('STRING');
  const [pattern, zoneText] = [coerce(format, string, bindings), zone && coerce(zone, string, bindings)];
  if (!pattern || (zone && !zoneText))
    throw invalidQuery('FORMAT and AT TIME ZONE must be of type STRING', format.at);
  const cast = CASTS.get(`${from} ${to}`);
  if (!cast) throw invalidQuery(`FORMAT is not allowed for cast from ${from} to ${to}`, at);
  if (zone && from !== 'TIMESTAMP' && to !== 'TIMESTAMP')
    throw invalidQuery(`AT TIME ZONE is not allowed for cast from ${from} to ${to}`, zone.at);
  const args = [value, pattern, ...(zoneText ? [zoneText] : [])];
  const instant = `make_timestamp(CAST(${Math.floor(now) * 1000} AS BIGINT))`;
  const sqls = args.map(({ sql }) => sql);
  const sql = safe ? isolated(sqls, (...names) => `TRY(${cast(names, instant)})`) : cast(sqls, instant);
  return combined(sql, type, at, args);
}

interface FormatCast {
  readonly value: Resolved;
  readonly format: Resolved;
  readonly zone: Resolved | undefined;
  readonly type: DataType;
  readonly safe: boolean;
}

import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { BIGNUMERIC_SCALE, decimalText, decodeBigNumeric } from '../../bignumeric.ts';
import { cached } from '../../cached.ts';
import { formatDate, formatDateTime, formatPicoseconds, formatTime } from '../../calendar.ts';
import { plainDecimal } from '../../exact-number.ts';
import { decodeInterval, formatInterval, isoInterval } from '../../intervals.ts';
import { type Json, jsonNumber, jsonString, parseJsonText } from '../../json.ts';
import { formatRange } from '../../ranges.ts';
import { type DataType, rangeElement, scalar, structKey } from '../../types.ts';
import { FunctionError } from './computed.ts';
import { floatText } from './exact-decimal.ts';

/** Values of any type as text: `%t` and `%T` of FORMAT, and JSON. */

const MAX_TYPES = 100;
const readType = cached<unknown>(MAX_TYPES, JSON.parse);

/** The type that `JSON.stringify` wrote into the SQL of a call. */
export function readTypes<T extends DataType | readonly DataType[]>(json: string): T {
  return readType(json) as T;
}

function itemsOf(value: DuckDBValue): readonly DuckDBValue[] {
  return value instanceof DuckDBListValue ? value.items : [];
}

function fieldsOf(type: DataType, value: DuckDBValue): readonly DuckDBValue[] {
  if (type.kind !== 'STRUCT' || !(value instanceof DuckDBStructValue)) return [];
  return type.fields.map((_, index) => value.entries[structKey(index)] ?? null);
}

/** The elements of an array, or the fields of a struct, with their types. */
export function partsOf(type: DataType, value: DuckDBValue): (readonly [DataType, DuckDBValue])[] {
  if (type.kind === 'ARRAY') return itemsOf(value).map((item) => [type.element, item] as const);
  return fieldsOf(type, value).map(
    (item, index) => [(type.kind === 'STRUCT' && type.fields[index]?.type) || type, item] as const,
  );
}

/** A fraction of a second has three or six digits. */
function shortFraction(time: string): string {
  return time.replace(/(\.\d{3})000$/, '$1');
}

/** A scalar as CAST writes it. BYTES and FLOAT64 have forms of their own. */
function scalarText(type: DataType, value: DuckDBValue): string {
  if (value instanceof DuckDBDateValue) return formatDate(value.days);
  if (value instanceof DuckDBTimeValue) return shortFraction(formatTime(value.micros));
  if (value instanceof DuckDBTimestampValue) {
    const text = shortFraction(formatDateTime(value.micros, ' '));
    return type.kind === 'TIMESTAMP' ? `${text}+00` : text;
  }
  if (type.kind === 'TIMESTAMP(12)') return `${formatPicoseconds(value as bigint, ' ')}+00`;
  if (value instanceof DuckDBDecimalValue) return decimalText(value.value, value.scale);
  if (value instanceof DuckDBBlobValue) return decimalText(decodeBigNumeric(value), BIGNUMERIC_SCALE);
  if (value instanceof DuckDBIntervalValue) return formatInterval(decodeInterval(value));
  const element = rangeElement(type.kind);
  if (element && value instanceof DuckDBStructValue)
    return formatRange(value, (bound) => scalarText(scalar(element), bound));
  if (typeof value === 'number') return withPoint(floatText(value), value);
  return String(value);
}

/** FORMAT shows that a number is a FLOAT64. */
function withPoint(text: string, value: number): string {
  const signed = Object.is(value, -0) ? '-0' : text;
  return /^-?\d+$/.test(signed) ? `${signed}.0` : signed;
}

/** `%t` */
export function printedText(type: DataType, value: DuckDBValue): string {
  if (value === null) return 'NULL';
  const parts = partsOf(type, value).map(([inner, item]) => printedText(inner, item));
  if (type.kind === 'ARRAY') return `[${parts.join(', ')}]`;
  if (type.kind === 'STRUCT') return `(${parts.join(', ')})`;
  if (type.kind === 'BYTES') return escapedBytes((value as DuckDBBlobValue).bytes, '"\'');
  return scalarText(type, value);
}

/** `%T`: as a literal of GoogleSQL. */
export function printedLiteral(type: DataType, value: DuckDBValue): string {
  if (value === null) return 'NULL';
  const parts = partsOf(type, value).map(([inner, item]) => printedLiteral(inner, item));
  switch (type.kind) {
    case 'ARRAY':
      return `[${parts.join(', ')}]`;
    case 'STRUCT':
      return `${parts.length === 1 ? 'STRUCT' : ''}(${parts.join(', ')})`;
    case 'STRING':
      return quoted(String(value));
    case 'BYTES': {
      const { bytes } = value as DuckDBBlobValue;
      const quote = quoteFor(Buffer.from(bytes).toString('latin1'));
      return `b${quote}${escapedBytes(bytes, quote)}${quote}`;
    }
    case 'FLOAT64': {
      const text = scalarText(type, value);
      return /^-?(inf|nan)$/.test(text) ? `CAST("${text}" AS FLOAT64)` : text;
    }
    case 'INT64':
    case 'BOOL':
      return String(value);
    case 'JSON':
      return `JSON ${quoted(String(value))}`;
    case 'INTERVAL':
      return `INTERVAL "${scalarText(type, value)}" YEAR TO SECOND`;
    default:
      return `${type.kind} "${scalarText(type, value)}"`;
  }
}

function quoteFor(text: string): string {
  return text.includes('"') && !text.includes("'") ? "'" : '"';
}

function quoted(text: string): string {
  const quote = quoteFor(text);
  const escaped = text.replaceAll(/[\\"']|[^ -~\u0080-\u{10ffff}]/gu, (character) =>
    escapedCharacter(character, quote),
  );
  return `${quote}${escaped}${quote}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function escapedCharacter(character: string, quotes: string): string {
  const known = ESCAPES[character];
  if (known) return known;
  if (character === '"' || character === "'")
    return quotes.includes(character) ? `\\${character}` : character;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function escapedBytes(bytes: Uint8Array, quotes: string): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/[\\"']|[^ -~]/g, (character) => escapedCharacter(character, quotes));
}

/** Integers beyond are strings in JSON, because many readers round them. */
const MAX_EXACT = 2n ** 53n;

/** The items between brackets, each on a line of its own if `pretty`. */
function wrapped([open, close]: string, items: readonly string[], pretty: boolean, indent: string): string {
  if (!pretty || items.length === 0) return `${open}${items.join(',')}${close}`;
  return `${open}${indent}  ${items.join(`,${indent}  `)}${indent}${close}`;
}

/** A value of type JSON over several lines. */
export function prettyJson(json: Json, indent = '\n'): string {
  const inner = `${indent}  `;
  if (json.kind === 'array')
    return wrapped(
      '[]',
      json.items.map((item) => prettyJson(item, inner)),
      true,
      indent,
    );
  if (json.kind !== 'object') return json.kind === 'string' ? JSON.stringify(json.text) : json.text;
  const members = json.members.map(([name, value]) => `${JSON.stringify(name)}: ${prettyJson(value, inner)}`);
  return wrapped('{}', members, true, indent);
}

/** As TO_JSON_STRING writes it. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings */
export function jsonText(type: DataType, value: DuckDBValue, form: JsonForm, indent = '\n'): string {
  if (value === null) return 'null';
  const inner = `${indent}  `;
  const pretty = form === 'pretty';
  switch (type.kind) {
    case 'ARRAY':
      return wrapped(
        '[]',
        itemsOf(value).map((item) => jsonText(type.element, item, form, inner)),
        pretty,
        indent,
      );
    case 'STRUCT': {
      const values = fieldsOf(type, value);
      const members = type.fields.map(
        (field, index) =>
          `${jsonString(field.name)}:${pretty ? ' ' : ''}${jsonText(field.type, values[index] ?? null, form, inner)}`,
      );
      return wrapped('{}', members, pretty, indent);
    }
    case 'BOOL':
      return String(value);
    case 'INT64':
      return form === 'numbers' || isExact(value as bigint) ? String(value) : `"${value}"`;
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return decimalJson(scalarText(type, value), form);
    case 'FLOAT64': {
      const number = Number(value);
      if (!Number.isFinite(number)) return `"${number}"`;
      return isJson(form) ? jsonNumber(number === 0 ? 0 : number) : floatText(number);
    }
    case 'JSON':
      return pretty ? prettyJson(parseJsonText(String(value)), indent) : String(value);
    case 'INTERVAL':
      return `"${isoInterval(decodeInterval(value as DuckDBIntervalValue))}"`;
    case 'BYTES':
      return `"${Buffer.from((value as DuckDBBlobValue).bytes).toString('base64')}"`;
    case 'DATETIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP(12)':
      return `"${scalarText(type, value).replace(' ', 'T').replace(/\+00$/, 'Z')}"`;
    case 'RANGE<DATE>':
    case 'RANGE<DATETIME>':
    case 'RANGE<TIMESTAMP>':
      throw new FunctionError('JSON of a RANGE is not supported by the local BigQuery');
    default:
      return jsonString(scalarText(type, value));
  }
}

/** As a text or over several lines, or a value of type JSON: with its numbers, or with a text for one that is not exact. */
export type JsonForm = 'compact' | 'pretty' | 'numbers' | 'stringified';

const isJson = (form: JsonForm) => form === 'numbers' || form === 'stringified';

function decimalJson(text: string, form: JsonForm): string {
  const isWhole = /^-?\d+$/.test(text);
  if (isWhole && isExact(BigInt(text))) return text;
  if (form === 'numbers') return text;
  const isFloat = form === 'stringified' && plainDecimal(String(Number(text))) === plainDecimal(text);
  return isFloat ? text : `"${text}"`;
}

function isExact(value: bigint): boolean {
  return value >= -MAX_EXACT && value <= MAX_EXACT;
}

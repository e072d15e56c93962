import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { formatDate, formatDateTime, formatTime } from '../../calendar.ts';
import { type DataType, structKey } from '../../types.ts';
import { floatText } from './exact-decimal.ts';

/** Values of any type as text: `%t` and `%T` of FORMAT, and JSON. */

/** Types that were read last; there are as many as queries have calls. */
const TYPES = new Map<string, DataType>();
const MAX_TYPES = 100;

/** The type that `JSON.stringify` wrote into the SQL of a call. */
export function readTypes<T extends DataType | readonly DataType[]>(json: string): T {
  const known = TYPES.get(json);
  if (known) return known as T;
  const type = JSON.parse(json);
  if (TYPES.size >= MAX_TYPES) TYPES.clear();
  TYPES.set(json, type);
  return type;
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
  if (value instanceof DuckDBDecimalValue) return numericText(value.value);
  if (typeof value === 'number') return withPoint(floatText(value), value);
  return String(value);
}

function numericText(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(10, '0');
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
  return units < 0n ? `-${text}` : text;
}

/** FORMAT shows that a number is a FLOAT64. */
function withPoint(text: string, value: number): string {
  const signed = Object.is(value, -0) ? '-0' : text;
  return /^-?\d+$/.test(signed) ? `${signed}.0` : signed;
}

/** `%t` */
export function printedText(type: DataType, value: DuckDBValue): string {
  if (value === null) return 'NULL';
  if (type.kind === 'ARRAY')
    return `[${itemsOf(value)
      .map((item) => printedText(type.element, item))
      .join(', ')}]`;
  if (type.kind === 'STRUCT')
    return `(${fieldsOf(type, value)
      .map((item, index) => printedText(type.fields[index]?.type ?? type, item))
      .join(', ')})`;
  if (value instanceof DuckDBBlobValue) return escapedBytes(value.bytes, '"\'');
  return scalarText(type, value);
}

/** `%T`: as a literal of GoogleSQL. */
export function printedLiteral(type: DataType, value: DuckDBValue): string {
  if (value === null) return 'NULL';
  switch (type.kind) {
    case 'ARRAY':
      return `[${itemsOf(value)
        .map((item) => printedLiteral(type.element, item))
        .join(', ')}]`;
    case 'STRUCT': {
      const fields = fieldsOf(type, value).map((item, index) =>
        printedLiteral(type.fields[index]?.type ?? type, item),
      );
      return fields.length === 1 ? `STRUCT(${fields[0]})` : `(${fields.join(', ')})`;
    }
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

/** As TO_JSON_STRING writes it. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings */
export function jsonText(type: DataType, value: DuckDBValue, pretty: boolean, indent = '\n'): string {
  if (value === null) return 'null';
  const inner = `${indent}  `;
  const wrapped = (open: string, items: readonly string[], close: string) => {
    if (items.length === 0) return `${open}${close}`;
    return pretty
      ? `${open}${inner}${items.join(`,${inner}`)}${indent}${close}`
      : `${open}${items.join(',')}${close}`;
  };
  switch (type.kind) {
    case 'ARRAY':
      return wrapped(
        '[',
        itemsOf(value).map((item) => jsonText(type.element, item, pretty, inner)),
        ']',
      );
    case 'STRUCT': {
      const values = fieldsOf(type, value);
      const members = type.fields.map(
        (field, index) =>
          `${jsonString(field.name)}:${pretty ? ' ' : ''}${jsonText(field.type, values[index] ?? null, pretty, inner)}`,
      );
      return wrapped('{', members, '}');
    }
    case 'BOOL':
      return String(value);
    case 'INT64':
      return isExact(value as bigint) ? String(value) : `"${value}"`;
    case 'NUMERIC': {
      const text = scalarText(type, value);
      return /^-?\d+$/.test(text) && isExact(BigInt(text)) ? text : `"${text}"`;
    }
    case 'FLOAT64': {
      const number = Number(value);
      return Number.isFinite(number) ? floatText(number) : `"${number}"`;
    }
    case 'BYTES':
      return `"${Buffer.from((value as DuckDBBlobValue).bytes).toString('base64')}"`;
    case 'DATETIME':
    case 'TIMESTAMP':
      return `"${scalarText(type, value).replace(' ', 'T').replace(/\+00$/, 'Z')}"`;
    default:
      return jsonString(scalarText(type, value));
  }
}

function isExact(value: bigint): boolean {
  return value >= -MAX_EXACT && value <= MAX_EXACT;
}

export function jsonString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

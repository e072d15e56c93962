import { isUtf8 } from 'node:buffer';
import { DuckDBBlobValue, type DuckDBValue } from '@duckdb/node-api';
import { namesZone, parseDateTime, parseTime, parseTimestamp } from '../calendar.ts';
import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { quoteLiteral } from '../names.ts';
import { scalarValue } from '../row-values.ts';
import {
  type DataType,
  duckType,
  rangeElement,
  type ScalarKind,
  sameType,
  scalar,
  typeName,
} from '../types.ts';
import type { Bindings, Site } from './bindings.ts';
import { coerce, decimalLiteral } from './coercion.ts';
import { CONVERSIONS } from './conversions.ts';
import { defined, FunctionError } from './functions/computed.ts';
import { floatText } from './functions/exact-decimal.ts';
import { readInterval } from './functions/interval.ts';
import { READERS } from './functions/numbers-of-text.ts';
import { printedText } from './functions/printed.ts';
import { zoned } from './functions/time-format.ts';
import { failure, isolated, letIn } from './let.ts';
import { combined, type Resolved } from './resolved.ts';

/**
 * Patterns of the text that BigQuery casts to a type, as DuckDB does. DuckDB accepts more: '1.5' as an integer, 'yes' as a boolean.
 * Of numbers they are the usual text: READERS read the rest.
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions
 */
const TEXT_PATTERNS: Readonly<Partial<Record<ScalarKind, string>>> = {
  INT64: '[+-]?[0-9]{1,18}',
  FLOAT64: String.raw`[+-]?[0-9]{1,15}(\.[0-9]{0,9})?`,
  NUMERIC: String.raw`[+-]?[0-9]{1,28}(\.[0-9]{0,9})?`,
  BOOL: '(?i)true|false',
  DATE: '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}',
};

/** BigQuery's messages for text that cannot be cast. */
const BAD_VALUE: Readonly<Partial<Record<ScalarKind, string>>> = {
  INT64: 'Bad int64 value: ',
  FLOAT64: 'Bad double value: ',
  NUMERIC: 'Invalid NUMERIC value: ',
  BIGNUMERIC: 'Invalid BIGNUMERIC value: ',
  BOOL: 'Bad bool value: ',
  DATE: 'Invalid date: ',
};

/** A zone counts for a text without one; a text with a zone is refused then. */
export const readTimestamp = defined('read_timestamp', 'STRING, STRING? -> TIMESTAMP', (text, zone) => {
  if (zone !== undefined && namesZone(text)) throw new FunctionError(`Timezone is not allowed in "${text}"`);
  const micros = zoned(() => parseTimestamp(text, zone));
  if (micros === undefined) throw new FunctionError(`Invalid timestamp: '${text}'`);
  return micros;
});

const readDateTime = defined('read_datetime', 'STRING -> DATETIME', (text) => {
  const micros = parseDateTime(text);
  if (micros === undefined) throw new FunctionError(`Invalid datetime string "${text}"`);
  return micros;
});

const readTime = defined('read_time', 'STRING -> TIME', (text) => {
  const micros = parseTime(text);
  if (micros === undefined) throw new FunctionError(`Invalid time string "${text}"`);
  return micros;
});

/** They fail, in their own words, for a text that they cannot read. */
const TIME_READERS: Readonly<Partial<Record<ScalarKind, (args: readonly string[]) => string>>> = {
  DATETIME: readDateTime,
  TIME: readTime,
  TIMESTAMP: readTimestamp,
  INTERVAL: readInterval,
};

export function castTo(value: Resolved, type: DataType, safe: boolean, { at, bindings }: Site): Resolved {
  const decimal = decimalLiteral(value, type);
  if (decimal) return decimal;
  if (sameType(value.type, type) || value.coercible === 'NULL' || value.coercible === 'EMPTY ARRAY') {
    const same = coerce(value, type, bindings);
    // A cast is coerced no further, unlike the literal in it.
    const { constant } = same ?? {};
    if (same) return combined(same.sql, type, at, [same], constant === undefined ? {} : { constant });
  }
  const [from, to] = [value.type, type];
  if (from.kind === 'STRING' && rangeElement(to.kind))
    throw unsupported(`CAST from STRING to ${typeName(to)}`, at);
  if (from.kind === 'ARRAY' || from.kind === 'STRUCT' || to.kind === 'ARRAY' || to.kind === 'STRUCT')
    throw unsupported(`CAST from ${typeName(from)} to ${typeName(to)}`, at);
  const sql =
    from.kind === 'STRING' && to.kind !== 'BYTES' && to.kind !== 'JSON'
      ? readText(value.sql, to.kind, safe)
      : convert(value.sql, from.kind, to.kind, safe, at);
  const constant = castConstant(value.constant, from.kind, to.kind, safe);
  return combined(sql, type, at, [value], constant === undefined ? {} : { constant });
}

/** The cast of a literal is one, too, where a function asks for a literal; here only in the plain cases. */
function castConstant(
  value: Resolved['constant'],
  from: ScalarKind,
  to: ScalarKind,
  safe: boolean,
): Resolved['constant'] {
  if (value === undefined || value === null) return value;
  if (to === 'STRING') return constantText(value, from, safe);
  if (to === 'INT64' && typeof value === 'string' && /^-?\d{1,18}$/.test(value)) return BigInt(value);
  if (to === 'INT64' && typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (to === 'FLOAT64' && typeof value === 'string' && /^-?\d{1,15}(\.\d{1,9})?$/.test(value))
    return Number(value);
  if (to === 'BYTES' && typeof value === 'string') return new DuckDBBlobValue(Buffer.from(value));
  if (['DATE', 'DATETIME', 'TIME', 'TIMESTAMP'].includes(to) && typeof value === 'string')
    return scalarValue(to, value, true) ?? (safe ? null : undefined);
  return undefined;
}

function constantText(value: DuckDBValue, from: ScalarKind, safe: boolean): Resolved['constant'] {
  if (typeof value === 'number') return floatText(value);
  if (!(value instanceof DuckDBBlobValue) || from !== 'BYTES') return printedText(scalar(from), value);
  const bytes = Buffer.from(value.bytes);
  if (isUtf8(bytes)) return bytes.toString();
  return safe ? null : undefined;
}

/** The values as texts, for CONCAT and ||; undefined when one of them is not taken. */
export function spelled(values: readonly Resolved[], bindings: Bindings): string[] | undefined {
  const isTaken = ({ kind }: DataType) =>
    !['BYTES', 'JSON', 'ARRAY', 'STRUCT'].includes(kind) && !rangeElement(kind);
  if (!values.every(({ type }) => isTaken(type))) return undefined;
  return values.map((value) => castTo(value, scalar('STRING'), false, { at: value.at, bindings }).sql);
}

function convert(sql: string, from: ScalarKind, to: ScalarKind, safe: boolean, at: Position): string {
  const conversion = CONVERSIONS[`${from} ${to}`];
  if (!conversion && from === 'TIMESTAMP(12)') throw unsupported(`CAST from ${from} to ${to}`, at);
  if (!conversion) throw invalidQuery(`Invalid cast from ${from} to ${to}`, at);
  return safe ? isolated([sql], (value) => `TRY(${conversion(value)})`) : conversion(sql);
}

export function readText(sql: string, to: ScalarKind, safe: boolean): string {
  const readTimes = TIME_READERS[to];
  if (readTimes) return safe ? isolated([sql], (text) => `TRY(${readTimes([text])})`) : readTimes([sql]);
  const pattern = TEXT_PATTERNS[to];
  const word = safe ? 'TRY_CAST' : 'CAST';
  return letIn([sql], (text) => {
    const read = `${word}(${text} AS ${duckType(scalar(to))})`;
    const failed = safe ? 'NULL' : failure(BAD_VALUE[to] ?? '', text);
    const reader = READERS[to];
    const otherwise = reader ? (safe ? reader([text]) : `coalesce(${reader([text])}, ${failed})`) : failed;
    const plain = pattern && `WHEN regexp_full_match(${text}, ${quoteLiteral(pattern)}) THEN ${read} `;
    return `CASE WHEN ${text} IS NULL THEN NULL ${plain ?? ''}ELSE ${otherwise} END`;
  });
}

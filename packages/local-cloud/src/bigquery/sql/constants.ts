import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { formatDate, formatTime } from '../calendar.ts';
import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { encodeInterval, IntervalRangeError, intervalSql, parseIntervalOf } from '../intervals.ts';
import { canonicalJson, InvalidJsonError } from '../json.ts';
import { quoteLiteral } from '../names.ts';
import { scalarValue } from '../row-values.ts';
import { duckType, type ScalarKind, scalar } from '../types.ts';
import type { Literal } from './ast.ts';
import { combined, type Resolved } from './resolved.ts';

/** Resolves a literal of the query. */
export function resolveLiteral(literal: Literal, at: Position): Resolved {
  if (literal.kind === 'NULL') {
    const type = scalar('INT64');
    return combined(`CAST(NULL AS ${duckType(type)})`, type, at, [], { coercible: 'NULL', constant: null });
  }
  if (literal.kind === 'BOOL') return constant('BOOL', literal.value, at);
  const value = constant(literal.kind, parsedLiteral(literal.kind, literal.text, at), at);
  return literal.kind === 'FLOAT64' ? { ...value, written: literal.text } : value;
}

/** `INTERVAL 'text' from TO to` */
export function intervalLiteral(text: string, from: string, to: string, at: Position): Resolved {
  const value = parsed(() => parseIntervalOf(text, from, to), at);
  if (!value) throw invalidQuery(`Invalid INTERVAL value '${text}'`, at);
  return constant('INTERVAL', encodeInterval(value), at);
}

/** What `parse` makes of a literal. */
function parsed<T>(parse: () => T, at: Position): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof IntervalRangeError) throw invalidQuery(error.message, at);
    if (error instanceof InvalidJsonError) throw invalidQuery(`Invalid JSON literal: ${error.message}`, at);
    throw error;
  }
}

function parsedLiteral(kind: ScalarKind, text: string, at: Position): DuckDBValue {
  if (kind === 'BYTES') return new DuckDBBlobValue(Buffer.from(text, 'latin1'));
  if (kind === 'INT64') return integer(text, at);
  // Its numbers are rounded, unlike those of PARSE_JSON.
  if (kind === 'JSON') return parsed(() => canonicalJson(text, 'round'), at);
  const value = scalarValue(kind, text, true);
  if (value === undefined) throw invalidQuery(`Invalid ${kind} literal "${text}"`, at);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw invalidQuery(`Invalid floating point literal: ${text}`, at);
  return value;
}

function integer(text: string, at: Position): bigint {
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
  if (BigInt.asIntN(64, value) !== value) throw invalidQuery(`Invalid integer literal: ${text}`, at);
  return value;
}

function constant(kind: ScalarKind, value: DuckDBValue, at: Position): Resolved {
  return combined(constantSql(kind, value, at), scalar(kind), at, [], {
    coercible: 'LITERAL',
    constant: value,
  });
}

/** A DuckDB literal of exactly the type that stores `kind`. */
export function constantSql(kind: ScalarKind, value: DuckDBValue, at: Position): string {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw unsupported('A string literal with a NUL character', at);
    return quoteLiteral(value);
  }
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'bigint')
    return `CAST(${value} AS ${kind === 'TIMESTAMP(12)' ? 'HUGEINT' : 'BIGINT'})`;
  if (typeof value === 'number') return `CAST('${Object.is(value, -0) ? '-0' : value}' AS DOUBLE)`;
  if (value instanceof DuckDBBlobValue) return `unhex('${Buffer.from(value.bytes).toString('hex')}')`;
  if (value instanceof DuckDBDecimalValue) return `CAST('${value}' AS ${duckType(scalar('NUMERIC'))})`;
  const isDated = value instanceof DuckDBDateValue || value instanceof DuckDBTimestampValue;
  if (isDated && !value.isFinite) {
    const [type, isPast] =
      value instanceof DuckDBDateValue ? ['DATE', value.days < 0] : ['TIMESTAMP', value.micros < 0n];
    return `CAST('${isPast ? '-' : ''}infinity' AS ${type})`;
  }
  if (value instanceof DuckDBDateValue) return `CAST('${formatDate(value.days)}' AS DATE)`;
  if (value instanceof DuckDBTimeValue) return `CAST('${formatTime(value.micros)}' AS TIME)`;
  if (value instanceof DuckDBTimestampValue) return `make_timestamp(CAST(${value.micros} AS BIGINT))`;
  if (value instanceof DuckDBStructValue) {
    const { s = null, e = null } = value.entries;
    return `struct_pack(s := ${constantSql(kind, s, at)}, e := ${constantSql(kind, e, at)})`;
  }
  if (value instanceof DuckDBIntervalValue) return intervalSql(value);
  throw new TypeError(`Cannot write ${value} as a literal of type ${kind}`);
}

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
import { BIGNUMERIC_SCALE, encodeBigNumeric, isBigNumeric } from './bignumeric.ts';
import {
  inYears,
  parseDate,
  parseDateTime,
  parsePicoseconds,
  parseTime,
  parseTimestamp,
} from './calendar.ts';
import { ExactNumber, plainDecimal } from './exact-number.ts';
import { encodeInterval, IntervalRangeError, parseInterval } from './intervals.ts';
import { canonicalJson, InvalidJsonError } from './json.ts';
import { parseRange } from './ranges.ts';
import { fitted } from './type-parameters.ts';
import { type DataType, type Field, kindOfField, rangeElement, type ScalarKind, structKey } from './types.ts';

/** A value does not fit its column. `location` is the dotted path of the column: `address.city`. */
export class RowValueError extends Error {
  override readonly name = 'RowValueError';
  readonly location: string;

  constructor(location: string, message: string) {
    super(message);
    this.location = location;
  }
}

interface RowOptions {
  /** Converts scalars of another JSON type. `tabledata.insertAll` does so, the Storage Write API does not. */
  readonly lenient: boolean;
  readonly ignoreUnknownValues: boolean;
  /** Whether the value of a JSON column is the value itself, as in a file to load. Else a text is read as JSON. */
  readonly isRawJson?: boolean;
}

/** The values of one JSON object in the order of `fields`. Throws RowValueError for the first that does not fit. */
export function rowValues(
  fields: readonly Field[],
  row: Readonly<Record<string, unknown>>,
  options: RowOptions,
  path = '',
): DuckDBValue[] {
  const given = valuesByColumn(fields, row, options, path);
  return fields.map((field, index) => fieldValue(field, given[index], options, path));
}

function valuesByColumn(
  fields: readonly Field[],
  row: Readonly<Record<string, unknown>>,
  options: RowOptions,
  path: string,
): unknown[] {
  const keys = Object.keys(row);
  let found = 0;
  const exact = fields.map(({ name }) => {
    if (!Object.hasOwn(row, name)) return undefined;
    found += 1;
    return row[name];
  });
  if (keys.length === fields.length && found === fields.length) return exact;
  // Column names are case-insensitive. https://docs.cloud.google.com/bigquery/docs/schemas#column_names
  const indexes = new Map(fields.map(({ name }, index) => [name.toLowerCase(), index]));
  for (const key of keys) {
    const index = indexes.get(key.toLowerCase());
    if (index !== undefined) exact[index] = row[key];
    else if (!options.ignoreUnknownValues)
      throw new RowValueError(`${path}${key}`, `no such field: ${path}${key}.`);
  }
  return exact;
}

function fieldValue(field: Field, value: unknown, options: RowOptions, path: string): DuckDBValue {
  const location = `${path}${field.name}`;
  if (field.mode !== 'REPEATED') {
    if (value !== undefined && value !== null) return singleValue(field, value, options, location);
    if (field.mode === 'REQUIRED') throw new RowValueError(location, `Missing required field: ${location}.`);
    return null;
  }
  if (value === undefined || value === null) return new DuckDBListValue([]);
  if (!Array.isArray(value)) {
    throw new RowValueError(location, `Field ${location} is REPEATED: its value must be an array.`);
  }
  return new DuckDBListValue(
    value.map((element: unknown) => {
      if (element === undefined || element === null) {
        throw new RowValueError(
          location,
          `Only optional fields can be set to NULL. Field: ${location}; Value: NULL`,
        );
      }
      return singleValue(field, element, options, location);
    }),
  );
}

function singleValue(field: Field, value: unknown, options: RowOptions, location: string): DuckDBValue {
  const kind = kindOfField(field);
  if (kind) {
    const given = kind === 'JSON' && options.isRawJson ? jsonTextOf(value) : value;
    const converted = scalarValue(kind, given, options.lenient);
    if (converted !== undefined) return fittedValue(field, converted, location);
    // In the words that the system tests of Google's client for Node.js expect.
    if (kind === 'STRING' && typeof value === 'boolean')
      throw new RowValueError(location, 'Conversion from bool to std::string is unsupported.');
    throw new RowValueError(location, `Cannot convert value to ${kind}: ${location} is ${excerpt(value)}.`);
  }
  if (!isObject(value)) throw new RowValueError(location, `This field: ${location} is not a record.`);
  return structValue(rowValues(field.fields ?? [], value, options, `${location}.`));
}

/** A scalar that fits the parameters of its column. Throws RowValueError in BigQuery's words. */
export function fittedValue(field: Field, value: DuckDBValue, location: string): DuckDBValue {
  const result = fitted(field, value);
  if ('value' in result) return result.value;
  const text = value instanceof DuckDBBlobValue ? Buffer.from(value.bytes).toString('base64') : String(value);
  throw new RowValueError(location, `${result.problem} Field: ${location}; Value: ${text.slice(0, 80)}`);
}

function structValue(values: readonly DuckDBValue[]): DuckDBStructValue {
  return new DuckDBStructValue(Object.fromEntries(values.map((value, index) => [structKey(index), value])));
}

/**
 * Converts the value of a query parameter to DuckDB's form; undefined when it does not fit the type. Scalars arrive as
 * text, arrays as lists, structs as lists of field values.
 */
export function typedValue(type: DataType, value: unknown): DuckDBValue | undefined {
  if (value === null) return null;
  if (type.kind === 'ARRAY' || type.kind === 'STRUCT') {
    if (!Array.isArray(value)) return undefined;
    const items: DuckDBValue[] = [];
    for (const [index, element] of value.entries()) {
      const elementType = type.kind === 'ARRAY' ? type.element : type.fields[index]?.type;
      const item = elementType && typedValue(elementType, element);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return type.kind === 'ARRAY' ? new DuckDBListValue(items) : structValue(items);
  }
  return scalarValue(type.kind, value, true);
}

/** Converts a JSON scalar to DuckDB's form; undefined when it does not fit. */
export function scalarValue(kind: ScalarKind, value: unknown, lenient: boolean): DuckDBValue | undefined {
  const element = rangeElement(kind);
  if (element) return parseRange(element, value, (bound) => scalarValue(element, bound, lenient));
  if (value instanceof ExactNumber) return exactValue(kind, value, lenient);
  switch (kind) {
    case 'STRING':
      // A lone surrogate has no UTF-8 form: DuckDB would silently store another text.
      if (typeof value === 'string') return value.isWellFormed() ? value : undefined;
      return lenient && typeof value === 'number' ? String(value) : undefined;
    case 'BOOL':
      if (typeof value === 'boolean') return value;
      if (!lenient || typeof value !== 'string') return undefined;
      return boolean(value.toLowerCase());
    case 'INT64':
      return int64(value);
    case 'FLOAT64':
      return float64(value);
    case 'NUMERIC':
      return numeric(value);
    case 'BIGNUMERIC':
      return bigNumeric(value);
    case 'BYTES':
      return bytes(value);
    case 'INTERVAL':
      return mapped(value, parsedInterval, encodeInterval);
    case 'JSON':
      return json(typeof value === 'string' ? value : jsonTextOf(value));
    case 'DATE':
      return mapped(value, parseDate, (days) => new DuckDBDateValue(days));
    case 'TIME':
      return mapped(value, parseTime, (micros) => new DuckDBTimeValue(micros));
    case 'DATETIME':
      return mapped(value, parseDateTime, (micros) => new DuckDBTimestampValue(micros));
    case 'TIMESTAMP(12)':
      return picoseconds(value);
    case 'TIMESTAMP':
      // A number is seconds since the epoch.
      return mapped(
        value,
        typeof value === 'number' ? secondsToMicros : parseTimestamp,
        (micros) => new DuckDBTimestampValue(micros),
      );
  }
}

/** The column's own parser reads the digits that a JavaScript number would lose. */
function exactValue(kind: ScalarKind, { text }: ExactNumber, lenient: boolean): DuckDBValue | undefined {
  switch (kind) {
    case 'STRING':
      return lenient ? text : undefined;
    case 'INT64':
      return int64(plainDecimal(text));
    case 'FLOAT64': {
      const number = Number(text);
      return Number.isFinite(number) ? number : undefined;
    }
    case 'NUMERIC':
      return numeric(text);
    case 'BIGNUMERIC':
      return bigNumeric(text);
    case 'JSON':
      return json(text);
    case 'TIMESTAMP(12)':
      return mapped(text, secondsToMicros, (micros) => micros * 1_000_000n);
    case 'TIMESTAMP':
      return mapped(text, secondsToMicros, (micros) => new DuckDBTimestampValue(micros));
    default:
      return undefined;
  }
}

function mapped<T>(
  value: unknown,
  parse: (text: string) => T | undefined,
  make: (parsed: T) => DuckDBValue,
): DuckDBValue | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const parsed = parse(String(value));
  return parsed === undefined ? undefined : make(parsed);
}

function picoseconds(value: unknown): DuckDBValue | undefined {
  if (typeof value !== 'number') return mapped(value, parsePicoseconds, (picos) => picos);
  return mapped(value, secondsToMicros, (micros) => micros * 1_000_000n);
}

function secondsToMicros(text: string): bigint | undefined {
  const plain = plainDecimal(text);
  const micros = plain && /^-?\d{1,12}(\.\d{1,6})?$/.test(plain) ? numericUnits(plain, 6) : undefined;
  return micros === undefined ? undefined : inYears(micros);
}

function boolean(text: string): boolean | undefined {
  if (text === 'true') return true;
  return text === 'false' ? false : undefined;
}

function int64(value: unknown): bigint | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
  if (typeof value !== 'bigint' && typeof value !== 'number' && !isText(value, /^[+-]?\d{1,19}$/)) {
    return undefined;
  }
  const integer = BigInt(typeof value === 'string' && value.startsWith('+') ? value.slice(1) : value);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function float64(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (FLOAT.test(value)) return Number(value);
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(value);
  if (!special) return undefined;
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types */
const NUMERIC_SCALE = 9;
const NUMERIC_WIDTH = 38;
const MAX_NUMERIC = 10n ** 38n;

function numeric(value: unknown): DuckDBDecimalValue | undefined {
  if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'bigint') return undefined;
  const plain = plainDecimal(String(value));
  const units = plain === undefined ? undefined : numericUnits(plain, NUMERIC_SCALE);
  if (units === undefined || units <= -MAX_NUMERIC || units >= MAX_NUMERIC) return undefined;
  return new DuckDBDecimalValue(units, NUMERIC_WIDTH, NUMERIC_SCALE);
}

function bigNumeric(value: unknown): DuckDBValue | undefined {
  if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'bigint') return undefined;
  const plain = plainDecimal(String(value));
  const units = plain === undefined ? undefined : numericUnits(plain, BIGNUMERIC_SCALE);
  return units !== undefined && isBigNumeric(units) ? encodeBigNumeric(units) : undefined;
}

function parsedInterval(text: string) {
  try {
    return parseInterval(text);
  } catch (error) {
    if (error instanceof IntervalRangeError) return undefined;
    throw error;
  }
}

function json(text: string): string | undefined {
  try {
    return canonicalJson(text);
  } catch (error) {
    if (error instanceof InvalidJsonError) return undefined;
    throw error;
  }
}

/** A value that `parseJson` read, with all its digits. */
function jsonTextOf(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonTextOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${jsonTextOf(member)}`,
  );
  return `{${members.join(',')}}`;
}

/** Decimal text times 10^scale; undefined when it has an exponent or more than `scale` fraction digits. */
function numericUnits(text: string, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d{1,39})(?:\.(\d*))?$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (!match || fraction.length > scale) return undefined;
  const units = BigInt(`${match[2]}${fraction.padEnd(scale, '0')}`);
  return match[1] === '-' ? -units : units;
}

function bytes(value: unknown): DuckDBBlobValue | undefined {
  if (value instanceof Uint8Array) return new DuckDBBlobValue(value);
  if (!isText(value, /^[A-Za-z0-9+/_-]*={0,2}$/)) return undefined;
  return new DuckDBBlobValue(Buffer.from(value, 'base64'));
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}

function excerpt(value: unknown): string {
  const isNumber = typeof value === 'bigint' || value instanceof ExactNumber;
  const text = isNumber ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

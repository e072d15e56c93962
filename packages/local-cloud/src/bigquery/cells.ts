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
import { BIGNUMERIC_SCALE, decimalText, decodeBigNumeric } from './bignumeric.ts';
import { formatDate, formatDateTime, formatPicoseconds, formatTime, microsOf } from './calendar.ts';
import { invalid, invalidQuery } from './errors.ts';
import { decodeInterval, formatInterval } from './intervals.ts';
import { formatRange } from './ranges.ts';
import { type Field, structKey } from './types.ts';

/** A value in BigQuery's JSON. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/list */
export type Cell = string | null | Row | readonly { readonly v: Cell }[];

export interface Row {
  readonly f: readonly { readonly v: Cell }[];
}

export type TimestampFormat = 'FLOAT64' | 'INT64' | 'ISO8601_STRING';

/** The format of timestamps in a response. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/DataFormatOptions */
export interface FormatOptions {
  readonly useInt64Timestamp?: boolean | undefined;
  readonly timestampOutputFormat?: TimestampFormat | 'TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED' | undefined;
}

/** Throws INVALID_ARGUMENT for two that differ. */
export function timestampFormat({
  useInt64Timestamp,
  timestampOutputFormat,
}: FormatOptions = {}): TimestampFormat {
  if (timestampOutputFormat && timestampOutputFormat !== 'TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED') {
    // In the words that the system tests of Google's client for Node.js expect.
    if (useInt64Timestamp && timestampOutputFormat !== 'INT64')
      throw invalid('Cannot specify both use_int64_timestamp and timestamp_output_format.');
    return timestampOutputFormat;
  }
  return useInt64Timestamp ? 'INT64' : 'FLOAT64';
}

export function encodeRow(
  fields: readonly Field[],
  values: readonly DuckDBValue[],
  timestamps: TimestampFormat,
): Row {
  return { f: fields.map((field, index) => ({ v: encodeField(field, values[index] ?? null, timestamps) })) };
}

function encodeField(field: Field, value: DuckDBValue, timestamps: TimestampFormat): Cell {
  if (field.mode !== 'REPEATED') return value === null ? null : encodeValue(field, value, timestamps);
  // In a result, BigQuery returns a NULL array as an empty one.
  if (!(value instanceof DuckDBListValue)) return [];
  return value.items.map((item) => {
    if (item === null) {
      throw invalidQuery(`Array cannot have a null element; error in writing field ${field.name}`);
    }
    return { v: encodeValue(field, item, timestamps) };
  });
}

function encodeValue(field: Field, value: DuckDBValue, timestamps: TimestampFormat): Cell {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' && field.timestampPrecision) return encodePicoseconds(value, timestamps);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return encodeFloat(value);
  if (value instanceof DuckDBDecimalValue) return trimZeros(value.toString());
  if (value instanceof DuckDBBlobValue) {
    if (field.type === 'BIGNUMERIC') return decimalText(decodeBigNumeric(value), BIGNUMERIC_SCALE);
    return Buffer.from(value.bytes).toString('base64');
  }
  if (value instanceof DuckDBIntervalValue) return formatInterval(decodeInterval(value));
  if (value instanceof DuckDBDateValue) return inRange(formatDate(value.days));
  if (value instanceof DuckDBTimeValue) return formatTime(value.micros);
  if (value instanceof DuckDBTimestampValue) {
    return field.type === 'DATETIME'
      ? inRange(formatDateTime(value.micros))
      : encodeTimestamp(value.micros, timestamps);
  }
  if (value instanceof DuckDBStructValue && field.rangeElementType) {
    const bound = { name: field.name, type: field.rangeElementType.type };
    return formatRange(value, (each) => String(encodeValue(bound, each, timestamps)));
  }
  if (value instanceof DuckDBStructValue) {
    const fields = field.fields ?? [];
    return encodeRow(
      fields,
      fields.map((_, index) => value.entries[structKey(index)] ?? null),
      timestamps,
    );
  }
  throw new TypeError(`Cannot encode a value of column ${field.name}, type ${field.type}`);
}

function encodeFloat(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function encodeTimestamp(micros: bigint, format: TimestampFormat): string {
  if (format === 'INT64') return String(micros);
  if (format === 'ISO8601_STRING') return `${formatDateTime(micros)}Z`;
  const sign = micros < 0n ? '-' : '';
  const digits = String(micros < 0n ? -micros : micros).padStart(7, '0');
  return `${sign}${trimZeros(`${digits.slice(0, -6)}.${digits.slice(-6)}`)}`;
}

/** Only the text has all digits. */
function encodePicoseconds(picos: bigint, format: TimestampFormat): string {
  return format === 'ISO8601_STRING'
    ? `${formatPicoseconds(picos)}Z`
    : encodeTimestamp(microsOf(picos), format);
}

/** DuckDB's dates go beyond the years 1 to 9999; JavaScript formats such years with a sign. */
function inRange(date: string): string {
  if (/^\d{4}-/.test(date) && !date.startsWith('0000')) return date;
  throw invalidQuery(`The date ${date} is out of range: years go from 0001 to 9999`);
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

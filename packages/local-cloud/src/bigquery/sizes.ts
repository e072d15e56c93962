import { DuckDBBlobValue, DuckDBListValue, DuckDBStructValue, type DuckDBValue } from '@duckdb/node-api';
import { quoteColumn } from './names.ts';
import { type DataType, type ScalarKind, structKey } from './types.ts';

/**
 * Logical bytes of values, which BigQuery bills. NULL has 0 bytes.
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes
 */
const FIXED_BYTES: Readonly<Partial<Record<ScalarKind, number>>> = {
  INT64: 8,
  FLOAT64: 8,
  NUMERIC: 16,
  BIGNUMERIC: 32,
  INTERVAL: 16,
  BOOL: 1,
  DATE: 8,
  DATETIME: 8,
  TIME: 8,
  TIMESTAMP: 8,
  'TIMESTAMP(12)': 16,
  'RANGE<DATE>': 16,
  'RANGE<DATETIME>': 16,
  'RANGE<TIMESTAMP>': 16,
};

/** A STRING, JSON or BYTES value has this many bytes plus its length (in UTF-8). */
const VARIABLE_BYTES = 2;

/** Logical bytes of one value. */
export function byteSize(type: DataType, value: DuckDBValue): number {
  if (value === null) return 0;
  if (type.kind === 'STRING' || type.kind === 'JSON')
    return VARIABLE_BYTES + Buffer.byteLength(String(value));
  if (type.kind === 'BYTES')
    return VARIABLE_BYTES + (value instanceof DuckDBBlobValue ? value.bytes.length : 0);
  if (type.kind === 'ARRAY') {
    if (!(value instanceof DuckDBListValue)) return 0;
    return value.items.reduce((sum: number, item) => sum + byteSize(type.element, item), 0);
  }
  if (type.kind === 'STRUCT') {
    if (!(value instanceof DuckDBStructValue)) return 0;
    return type.fields.reduce(
      (sum, field, index) => sum + byteSize(field.type, value.entries[structKey(index)] ?? null),
      0,
    );
  }
  return FIXED_BYTES[type.kind] ?? 0;
}

/** A DuckDB expression for the logical bytes of one value; never NULL. */
function byteSizeSql(type: DataType, sql: string, depth = 0): string {
  if (type.kind === 'STRING' || type.kind === 'JSON')
    return `coalesce(${VARIABLE_BYTES} + strlen(${sql}), 0)`;
  if (type.kind === 'BYTES') return `coalesce(${VARIABLE_BYTES} + octet_length(${sql}), 0)`;
  if (type.kind === 'ARRAY') {
    const item = `item${depth}`;
    const sizes = `list_transform(${sql}, lambda ${item}: ${byteSizeSql(type.element, item, depth + 1)})`;
    return `coalesce(list_sum(${sizes}), 0)`;
  }
  if (type.kind === 'STRUCT') {
    const fields = type.fields.map((field, index) =>
      byteSizeSql(field.type, `struct_extract(${sql}, '${structKey(index)}')`, depth),
    );
    return `(${fields.join(' + ') || '0'})`;
  }
  return `CASE WHEN ${sql} IS NULL THEN 0 ELSE ${FIXED_BYTES[type.kind] ?? 0} END`;
}

/** A DuckDB expression for the logical bytes of a whole column. */
export function columnBytesSql(type: DataType, name: string): string {
  return `CAST(coalesce(sum(${byteSizeSql(type, quoteColumn(name))}), 0) AS BIGINT)`;
}

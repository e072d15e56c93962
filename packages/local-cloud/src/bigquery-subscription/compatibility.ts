import avro from 'avsc';
import type { StoredBigQueryConfig } from '../pubsub/subscription-config.ts';
import type { TableField } from '../warehouse.ts';

/**
 * The column types that accept each Avro type. A logical type counts as the type that it annotates.
 * https://docs.cloud.google.com/pubsub/docs/bigquery#avro-to-bigquery
 */
const COLUMN_TYPES: Readonly<Record<string, readonly string[]>> = {
  boolean: ['BOOLEAN'],
  int: ['INTEGER', 'NUMERIC', 'BIGNUMERIC'],
  long: ['INTEGER', 'NUMERIC', 'BIGNUMERIC'],
  float: ['FLOAT', 'NUMERIC', 'BIGNUMERIC'],
  double: ['FLOAT', 'NUMERIC', 'BIGNUMERIC'],
  bytes: ['BYTES'],
  fixed: ['BYTES'],
  string: ['STRING', 'JSON', 'TIMESTAMP', 'DATETIME', 'DATE', 'TIME', 'NUMERIC', 'BIGNUMERIC'],
  enum: ['INTEGER'],
  record: ['RECORD'],
};

/** GoogleSQL's type names and the API's older names for them. */
const ALIASES: Readonly<Record<string, string>> = {
  BOOL: 'BOOLEAN',
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  STRUCT: 'RECORD',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
};

/** Columns that `write_metadata` fills. https://docs.cloud.google.com/pubsub/docs/bigquery#write-metadata */
const METADATA_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  subscription_name: ['STRING'],
  message_id: ['STRING'],
  publish_time: ['TIMESTAMP'],
  attributes: ['JSON', 'STRING'],
};

const DATA_COLUMN_TYPES = ['BYTES', 'STRING', 'JSON'];

/**
 * Why a subscription cannot write to a table with these columns; undefined when it can. `topicSchemas` are the schema
 * revisions that the topic accepts.
 */
export function incompatibility(
  config: StoredBigQueryConfig,
  columns: readonly TableField[],
  topicSchemas: readonly avro.types.RecordType[],
): string | undefined {
  const metadata = config.writeMetadata ? Object.entries(METADATA_COLUMNS) : [];
  for (const [name, types] of metadata) {
    const problem = columnProblem(name, columnOf(columns, name), types);
    if (problem) return problem;
  }
  if (config.useTableSchema) return undefined;
  const given = metadata.map(([name]) => name);
  if (!config.useTopicSchema) {
    const problem = columnProblem('data', columnOf(columns, 'data'), DATA_COLUMN_TYPES);
    return problem ?? requiredProblem(columns, ['data', ...given], '');
  }
  const drop = config.dropUnknownFields;
  return topicSchemas
    .map((type) => recordProblem(type, columns, { drop, path: '', given }))
    .find((problem) => problem !== undefined);
}

interface RecordContext {
  readonly drop: boolean;
  readonly path: string;
  /** Columns that do not come from the record. */
  readonly given: readonly string[];
}

function recordProblem(
  type: avro.types.RecordType,
  columns: readonly TableField[],
  { drop, path, given }: RecordContext,
): string | undefined {
  for (const field of type.fields) {
    const name = path + field.name;
    const column = columnOf(columns, field.name);
    if (!column) {
      if (drop) continue;
      return `Incompatible schema for field ${name}: it is in the topic schema but not in the BigQuery table, and drop_unknown_fields is off`;
    }
    const problem = fieldProblem(name, field.type, column, drop);
    if (problem) return problem;
  }
  return requiredProblem(columns, [...type.fields.map(({ name }) => name), ...given], path);
}

function fieldProblem(name: string, type: avro.Type, column: TableField, drop: boolean): string | undefined {
  if (isUnion(type)) {
    const branches = type.types.filter(({ typeName }) => typeName !== 'null');
    const [branch] = branches;
    if (branches.length > 1 || !branch)
      return `Incompatible schema type for field ${name}: BigQuery has no type for an Avro union, except for null and one other type`;
    if (column.mode === 'REQUIRED') {
      return `Incompatible schema mode for field ${name}: it can be null in the topic schema but is REQUIRED in the BigQuery table`;
    }
    return fieldProblem(name, branch, column, drop);
  }
  const repeated = type instanceof avro.types.ArrayType || type instanceof avro.types.MapType;
  if (repeated !== (column.mode === 'REPEATED')) {
    return `Incompatible schema mode for field ${name}: expected ${repeated ? 'REPEATED' : 'NULLABLE or REQUIRED'}, got ${column.mode ?? 'NULLABLE'}`;
  }
  if (type instanceof avro.types.ArrayType)
    return fieldProblem(name, type.itemsType, { ...column, mode: 'NULLABLE' }, drop);
  if (type instanceof avro.types.MapType) return mapProblem(name, type, column, drop);
  const problem = columnProblem(name, column, COLUMN_TYPES[type.typeName] ?? []);
  if (problem || !(type instanceof avro.types.RecordType)) return problem;
  return recordProblem(type, column.fields ?? [], { drop, path: `${name}.`, given: [] });
}

/** A map is written as a repeated record of key and value. */
function mapProblem(
  name: string,
  type: avro.types.MapType,
  column: TableField,
  drop: boolean,
): string | undefined {
  const key = columnOf(column.fields ?? [], 'key');
  const value = columnOf(column.fields ?? [], 'value');
  if (!value) return columnProblem(`${name}.value`, value, []);
  return (
    columnProblem(`${name}.key`, key, ['STRING']) ??
    fieldProblem(`${name}.value`, type.valuesType, value, drop)
  );
}

function columnProblem(
  name: string,
  column: TableField | undefined,
  types: readonly string[],
): string | undefined {
  if (!column) return `Incompatible schema for field ${name}: the BigQuery table has no such column`;
  const type = typeOf(column);
  if (types.includes(type)) return undefined;
  return `Incompatible schema type for field ${name}: expected ${types.join(' or ') || 'no column'}, got ${type}`;
}

function requiredProblem(
  columns: readonly TableField[],
  given: readonly string[],
  path: string,
): string | undefined {
  const names = given.map((name) => name.toLowerCase());
  const missing = columns.find(
    ({ name, mode }) => mode === 'REQUIRED' && !names.includes(name.toLowerCase()),
  );
  return (
    missing &&
    `Incompatible schema mode for field ${path}${missing.name}: it is REQUIRED in the BigQuery table but never written by the subscription`
  );
}

/** Finds a column by its name, which is case-insensitive in BigQuery. */
export function columnOf(columns: readonly TableField[], name: string): TableField | undefined {
  const exact = columns.find((column) => column.name === name);
  if (exact) return exact;
  const lower = name.toLowerCase();
  return columns.find((column) => column.name.toLowerCase() === lower);
}

export function typeOf({ type }: TableField): string {
  const upper = type.toUpperCase();
  return ALIASES[upper] ?? upper;
}

export function isUnion(type: avro.Type): type is avro.types.WrappedUnionType {
  return type.typeName.startsWith('union:');
}

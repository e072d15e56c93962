import type { TableField } from '../warehouse.ts';
import { quoteIdentifier } from './names.ts';

/** The scalar types of GoogleSQL that the local BigQuery supports. */
const SCALAR_TYPES = [
  'STRING',
  'BYTES',
  'INT64',
  'FLOAT64',
  'NUMERIC',
  'BIGNUMERIC',
  'BOOL',
  'DATE',
  'DATETIME',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP(12)',
  'INTERVAL',
  'JSON',
  'RANGE<DATE>',
  'RANGE<DATETIME>',
  'RANGE<TIMESTAMP>',
] as const;

export type ScalarKind = (typeof SCALAR_TYPES)[number];

interface StructField {
  /** Empty for a field without a name. */
  readonly name: string;
  readonly type: DataType;
}

export interface StructType {
  readonly kind: 'STRUCT';
  readonly fields: readonly StructField[];
}

export type DataType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'ARRAY'; readonly element: DataType }
  | StructType;

/** A column as BigQuery's REST API describes it (`TableFieldSchema`), in its legacy type names. */
export interface Field extends TableField {
  /** Absent for a NULLABLE column that was declared without a mode. */
  readonly mode?: 'NULLABLE' | 'REQUIRED' | 'REPEATED';
  readonly description?: string;
  readonly fields?: readonly Field[];
  /** Parameters of the type: whole numbers, as text. */
  readonly maxLength?: string;
  readonly precision?: string;
  readonly scale?: string;
  /** 12 for picoseconds; absent for microseconds. */
  readonly timestampPrecision?: '12';
  readonly rangeElementType?: { readonly type: string };
}

/** GoogleSQL's names and their aliases. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
const KIND_OF_NAME: ReadonlyMap<string, ScalarKind> = new Map(
  Object.entries({
    STRING: 'STRING',
    BYTES: 'BYTES',
    INT64: 'INT64',
    INT: 'INT64',
    SMALLINT: 'INT64',
    INTEGER: 'INT64',
    BIGINT: 'INT64',
    TINYINT: 'INT64',
    BYTEINT: 'INT64',
    FLOAT64: 'FLOAT64',
    FLOAT: 'FLOAT64',
    NUMERIC: 'NUMERIC',
    DECIMAL: 'NUMERIC',
    BIGNUMERIC: 'BIGNUMERIC',
    BIGDECIMAL: 'BIGNUMERIC',
    BOOL: 'BOOL',
    BOOLEAN: 'BOOL',
    DATE: 'DATE',
    DATETIME: 'DATETIME',
    TIME: 'TIME',
    TIMESTAMP: 'TIMESTAMP',
    INTERVAL: 'INTERVAL',
    JSON: 'JSON',
    'RANGE<DATE>': 'RANGE<DATE>',
    'RANGE<DATETIME>': 'RANGE<DATETIME>',
    'RANGE<TIMESTAMP>': 'RANGE<TIMESTAMP>',
  } as const),
);

/** Type names in responses of the REST API. */
const REST_NAME: Readonly<Record<ScalarKind, string>> = {
  STRING: 'STRING',
  BYTES: 'BYTES',
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  NUMERIC: 'NUMERIC',
  BIGNUMERIC: 'BIGNUMERIC',
  BOOL: 'BOOLEAN',
  DATE: 'DATE',
  DATETIME: 'DATETIME',
  TIME: 'TIME',
  TIMESTAMP: 'TIMESTAMP',
  'TIMESTAMP(12)': 'TIMESTAMP',
  INTERVAL: 'INTERVAL',
  JSON: 'JSON',
  'RANGE<DATE>': 'RANGE',
  'RANGE<DATETIME>': 'RANGE',
  'RANGE<TIMESTAMP>': 'RANGE',
};

/**
 * A TIMESTAMP is stored as UTC, so no result depends on the time zone of a session. DuckDB has no 76 digits: a BIGNUMERIC is
 * 32 bytes that sort like the number, see bignumeric.ts. A TIMESTAMP(12) is its picoseconds since the epoch. JSON is text in
 * the form of json.ts.
 */
const DUCKDB_NAME: Readonly<Record<ScalarKind, string>> = {
  STRING: 'VARCHAR',
  BYTES: 'BLOB',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  NUMERIC: 'DECIMAL(38, 9)',
  BIGNUMERIC: 'BLOB',
  BOOL: 'BOOLEAN',
  DATE: 'DATE',
  DATETIME: 'TIMESTAMP',
  TIME: 'TIME',
  TIMESTAMP: 'TIMESTAMP',
  'TIMESTAMP(12)': 'HUGEINT',
  INTERVAL: 'INTERVAL',
  JSON: 'VARCHAR',
  'RANGE<DATE>': 'STRUCT(s DATE, e DATE)',
  'RANGE<DATETIME>': 'STRUCT(s TIMESTAMP, e TIMESTAMP)',
  'RANGE<TIMESTAMP>': 'STRUCT(s TIMESTAMP, e TIMESTAMP)',
};

export function scalar(kind: ScalarKind): DataType {
  return SCALARS[kind];
}

const SCALARS = Object.fromEntries(SCALAR_TYPES.map((kind) => [kind, { kind }])) as Record<
  ScalarKind,
  DataType
>;

export function scalarKindOf(name: string): ScalarKind | undefined {
  return KIND_OF_NAME.get(name) ?? KIND_OF_NAME.get(name.toUpperCase());
}

/** A scalar type as a column has it. */
export function restType(kind: ScalarKind): Pick<Field, 'type' | 'rangeElementType' | 'timestampPrecision'> {
  const element = rangeElement(kind);
  return {
    type: restTypeName(kind),
    ...(element && { rangeElementType: { type: element } }),
    ...(kind === 'TIMESTAMP(12)' && { timestampPrecision: '12' }),
  };
}

export function restTypeName(kind: ScalarKind): string {
  return REST_NAME[kind];
}

/** The scalar type of a column, or of its elements; undefined for a RECORD. */
export function kindOfField({ type, rangeElementType, timestampPrecision }: Field): ScalarKind | undefined {
  if (timestampPrecision) return 'TIMESTAMP(12)';
  return scalarKindOf(type === 'RANGE' ? `RANGE<${rangeElementType?.type}>` : type);
}

/** The type between the bounds of a RANGE; undefined for another type. */
export function rangeElement(kind: string): 'DATE' | 'DATETIME' | 'TIMESTAMP' | undefined {
  const [, element] = /^RANGE<(DATE|DATETIME|TIMESTAMP)>$/.exec(kind) ?? [];
  return element as 'DATE' | 'DATETIME' | 'TIMESTAMP' | undefined;
}

/** The type of a column. */
export function typeOfField(field: Field): DataType {
  const kind = kindOfField(field);
  const type: DataType = kind
    ? scalar(kind)
    : {
        kind: 'STRUCT',
        fields: (field.fields ?? []).map((child) => ({ name: child.name, type: typeOfField(child) })),
      };
  return field.mode === 'REPEATED' ? { kind: 'ARRAY', element: type } : type;
}

/** A column of a result: NULLABLE, or REPEATED for an array. */
export function fieldOfType(name: string, type: DataType): Field {
  const element = type.kind === 'ARRAY' ? type.element : type;
  const mode = type.kind === 'ARRAY' ? 'REPEATED' : 'NULLABLE';
  if (element.kind === 'STRUCT') {
    const fields = element.fields.map((child, index) =>
      fieldOfType(child.name || `_field_${index + 1}`, child.type),
    );
    return { name, type: 'RECORD', mode, fields };
  }
  if (element.kind === 'ARRAY') throw new TypeError(`Column ${name} cannot be an array of arrays`);
  return { name, ...restType(element.kind), mode };
}

/** Struct fields have positional names in DuckDB, because GoogleSQL allows unnamed fields and duplicate names. */
export function structKey(index: number): string {
  return `f${index}`;
}

export function duckType(type: DataType): string {
  if (type.kind === 'ARRAY') return `${duckType(type.element)}[]`;
  if (type.kind !== 'STRUCT') return DUCKDB_NAME[type.kind];
  const fields = type.fields.map(
    (field, index) => `${quoteIdentifier(structKey(index))} ${duckType(field.type)}`,
  );
  return `STRUCT(${fields.join(', ')})`;
}

/** The type in GoogleSQL: `ARRAY<STRUCT<a INT64, b STRING>>`. */
export function typeName(type: DataType): string {
  if (type.kind === 'ARRAY') return `ARRAY<${typeName(type.element)}>`;
  if (type.kind !== 'STRUCT') return type.kind;
  return `STRUCT<${type.fields.map(({ name, type }) => `${name ? `${name} ` : ''}${typeName(type)}`).join(', ')}>`;
}

/** The type of a column in GoogleSQL, with its parameters: `NUMERIC(10, 2)`. */
export function fieldTypeName(field: Field): string {
  const { maxLength, precision, scale, fields = [] } = field;
  const inner = fields.map((child) => `${child.name} ${fieldTypeName(child)}`).join(', ');
  const parameters = [maxLength, precision, scale].filter((parameter) => parameter !== undefined);
  const kind = kindOfField(field) ?? `STRUCT<${inner}>`;
  const name = parameters.length > 0 ? `${kind}(${parameters.join(', ')})` : kind;
  return field.mode === 'REPEATED' ? `ARRAY<${name}>` : name;
}

/** Whether a value of the type has a value of `kind` in it. */
export function holds(type: DataType, kind: ScalarKind): boolean {
  if (type.kind === 'ARRAY') return holds(type.element, kind);
  if (type.kind === 'STRUCT') return type.fields.some((field) => holds(field.type, kind));
  return type.kind === kind;
}

/** Whether rows can be grouped by values of the type as they are: DuckDB compares NaN otherwise. */
export function isGroupable(type: DataType): boolean {
  return (type.kind !== 'ARRAY' && type.kind !== 'STRUCT') || !holds(type, 'FLOAT64');
}

export function sameType(a: DataType, b: DataType): boolean {
  if (a.kind === 'ARRAY') return b.kind === 'ARRAY' && sameType(a.element, b.element);
  if (a.kind === 'STRUCT') {
    return (
      b.kind === 'STRUCT' &&
      a.fields.length === b.fields.length &&
      a.fields.every((field, index) => {
        const other = b.fields[index];
        return other !== undefined && sameType(field.type, other.type);
      })
    );
  }
  return a.kind === b.kind;
}

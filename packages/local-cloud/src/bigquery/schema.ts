import type { CloudError } from '../errors.ts';
import { invalid } from './errors.ts';
import { assertFieldName } from './names.ts';
import { isObject } from './row-values.ts';
import { isLooser, typeParameters } from './type-parameters.ts';
import { type Field, fieldTypeName, kindOfField, rangeElement, restTypeName, scalarKindOf } from './types.ts';

/** https://docs.cloud.google.com/bigquery/quotas#standard_tables */
const MAX_COLUMNS = 10_000;
/** https://docs.cloud.google.com/bigquery/docs/nested-repeated#limitations */
const MAX_NESTING = 15;

/** Checks a table's `schema.fields` and returns them in BigQuery's response form. */
export function parseFields(value: unknown, path = '', depth = 0): Field[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`schema.fields must be a list, got ${JSON.stringify(value)}`);
  if (value.length > MAX_COLUMNS) throw invalid(`Too many fields: ${value.length}. Maximum: ${MAX_COLUMNS}.`);
  if (depth > MAX_NESTING)
    throw invalid(`The schema is nested deeper than ${MAX_NESTING} levels at ${path}.`);
  const seen = new Set<string>();
  return value.map((input: unknown) => {
    const field = parseField(input, path, depth);
    const key = field.name.toLowerCase();
    if (seen.has(key)) throw invalid(`Field ${path}${field.name} already exists in schema`);
    seen.add(key);
    return field;
  });
}

const KNOWN_PROPERTIES = new Set([
  ...['name', 'type', 'mode', 'fields', 'description'],
  ...['maxLength', 'precision', 'scale', 'rangeElementType', 'timestampPrecision'],
]);

function parseField(input: unknown, path: string, depth: number): Field {
  if (typeof input !== 'object' || input === null) {
    throw invalid(`a schema field must be an object, got ${JSON.stringify(input)}`);
  }
  const properties = new Map<string, unknown>(Object.entries(input));
  const name = properties.get('name');
  assertFieldName(name);
  for (const [property, value] of properties) {
    if (KNOWN_PROPERTIES.has(property) || isEmpty(value)) continue;
    throw invalid(`Field ${path}${name}: "${property}" is not supported by the local BigQuery`);
  }
  const type = parseType(properties.get('type'), `${path}${name}`);
  const mode = parseMode(properties.get('mode'), `${path}${name}`);
  const description = properties.get('description');
  const described = typeof description === 'string' && description !== '' ? { description } : {};
  const modal = mode ? { mode } : {};
  const given = ['maxLength', 'precision', 'scale'].map((key) => [key, properties.get(key)]);
  const parameters = typeParameters(type, Object.fromEntries(given), `${path}${name}`);
  const ranged = rangeOf(type, properties.get('rangeElementType'), `${path}${name}`);
  const precise = precisionOf(type, properties.get('timestampPrecision'), `${path}${name}`);
  if (type !== 'RECORD') return { name, type, ...modal, ...described, ...parameters, ...ranged, ...precise };
  const fields = parseFields(properties.get('fields'), `${path}${name}.`, depth + 1);
  if (fields.length === 0) throw invalid(`Field ${path}${name} is type RECORD but has no schema`);
  return { name, type, ...modal, fields, ...described };
}

function parseType(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(`Field ${name} has no type`);
  const upper = value.toUpperCase();
  if (upper === 'RECORD' || upper === 'STRUCT') return 'RECORD';
  if (upper === 'RANGE') return upper;
  const kind = scalarKindOf(upper);
  if (kind) return restTypeName(kind);
  throw invalid(`Field ${name}: type ${value} is not supported by the local BigQuery`);
}

/** Throws for a RANGE of anything but dates and times. */
function rangeOf(type: string, given: unknown, name: string): Pick<Field, 'rangeElementType'> {
  const element = isObject(given) ? String(given.type).toUpperCase() : undefined;
  if (type !== 'RANGE') {
    if (element === undefined) return {};
    throw invalid(`Field ${name}: rangeElementType is for RANGE, not for ${type}`);
  }
  if (element !== undefined && rangeElement(`RANGE<${element}>`))
    return { rangeElementType: { type: element } };
  throw invalid(`Field ${name}: rangeElementType.type must be DATE, DATETIME or TIMESTAMP`);
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema.FIELDS.timestamp_precision */
function precisionOf(type: string, given: unknown, name: string): Pick<Field, 'timestampPrecision'> {
  if (given === undefined || given === null || given === '') return {};
  if (type !== 'TIMESTAMP')
    throw invalid(`Field ${name}: timestampPrecision is for TIMESTAMP, not for ${type}`);
  const digits = String(given);
  if (digits !== '6' && digits !== '12')
    throw invalid(`Field ${name}: timestampPrecision must be 6 or 12, got ${JSON.stringify(given)}`);
  return digits === '12' ? { timestampPrecision: digits } : {};
}

/** Undefined when the schema names none: the column is NULLABLE, and is shown as it was declared. */
function parseMode(value: unknown, name: string): Field['mode'] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const upper = String(value).toUpperCase();
  if (upper === 'NULLABLE' || upper === 'REQUIRED' || upper === 'REPEATED') return upper;
  throw invalid(`Field ${name}: invalid mode ${value}; it must be NULLABLE, REQUIRED or REPEATED`);
}

/** Whether a value says nothing: null, false, '', and lists and objects with nothing else in them. */
export function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isEmpty);
  return value === undefined || value === null || value === false || value === '';
}

/** The changes that a new schema makes to a stored table. */
export interface SchemaChange {
  readonly added: readonly Field[];
  /** Columns that were REQUIRED and become NULLABLE. */
  readonly relaxed: readonly string[];
  readonly dropped?: readonly string[];
  readonly renamed?: readonly { readonly from: string; readonly to: string }[];
}

/**
 * Compares a table's schema with its replacement. New columns must be NULLABLE or REPEATED, REQUIRED may be relaxed to
 * NULLABLE, and descriptions may change. Every other change throws INVALID_ARGUMENT.
 * https://docs.cloud.google.com/bigquery/docs/managing-table-schemas
 *
 * The local BigQuery does not change fields inside a RECORD.
 */
export function schemaChange(table: string, current: readonly Field[], next: readonly Field[]): SchemaChange {
  const byName = new Map(next.map((field) => [field.name.toLowerCase(), field]));
  const relaxed: string[] = [];
  for (const field of current) {
    const other = byName.get(field.name.toLowerCase());
    if (!other) throw mismatch(table, `Field ${field.name} is missing in new schema`);
    byName.delete(field.name.toLowerCase());
    const isOther = other.type !== field.type || kindOfField(other) !== kindOfField(field);
    if (isOther || !isLooser(field, other)) throw typeMismatch(table, field, other);
    const [from, to] = [modeOf(field), modeOf(other)];
    if (to !== from) {
      if (from !== 'REQUIRED' || to !== 'NULLABLE') {
        throw mismatch(table, `Field ${field.name} has changed mode from ${from} to ${to}`);
      }
      relaxed.push(field.name);
    }
    if (shapeOf(field.fields) !== shapeOf(other.fields)) {
      throw invalid(
        `Provided Schema does not match Table ${table}. Changing the fields inside the RECORD ${field.name} is not supported by the local BigQuery`,
      );
    }
  }
  const added = [...byName.values()];
  assertOptional(table, added);
  return { added, relaxed };
}

/** Throws INVALID_ARGUMENT when a new column of a table is REQUIRED. */
export function assertOptional(table: string, added: readonly Field[]): void {
  const required = added.find(({ mode }) => mode === 'REQUIRED');
  if (!required) return;
  throw mismatch(table, `Cannot add required fields to an existing schema. (field: ${required.name})`);
}

/** The columns of a table after new ones came and REQUIRED ones became NULLABLE. */
export function changedFields(
  fields: readonly Field[],
  { added, relaxed }: Pick<SchemaChange, 'added' | 'relaxed'>,
): Field[] {
  const kept = fields.map((field) =>
    relaxed.includes(field.name) ? { ...field, mode: 'NULLABLE' as const } : field,
  );
  return [...kept, ...added];
}

export function modeOf({ mode }: Field): string {
  return mode ?? 'NULLABLE';
}

function shapeOf(fields: readonly Field[] | undefined): string {
  return JSON.stringify(
    (fields ?? []).map((field) => [
      field.name.toLowerCase(),
      fieldTypeName(field),
      modeOf(field),
      shapeOf(field.fields),
    ]),
  );
}

/** The short names of both types where they tell them apart. */
export function typeMismatch(table: string, current: Field, next: Field): CloudError {
  const [from, to] =
    current.type === next.type ? [fieldTypeName(current), fieldTypeName(next)] : [current.type, next.type];
  return mismatch(table, `Field ${current.name} has changed type from ${from} to ${to}`);
}

/** A schema that a table does not accept. */
export function mismatch(table: string, detail: string): CloudError {
  return invalid(`Provided Schema does not match Table ${table}. ${detail}`);
}

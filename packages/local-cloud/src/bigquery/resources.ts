import { createHash } from 'node:crypto';
import type { TableReference } from '../warehouse.ts';
import type { Dataset, Table } from './catalog.ts';
import { invalid } from './errors.ts';
import type { Result } from './results.ts';
import { isObject } from './row-values.ts';
import { type TableStatistics, totalBytes } from './statistics.ts';
import type { Field } from './types.ts';

interface DatasetReference {
  readonly projectId: string;
  readonly datasetId: string;
}

/** The properties of a dataset that a caller may set. Every other property is refused by name. */
export interface DatasetInput {
  readonly datasetReference?: { readonly projectId?: string; readonly datasetId?: string };
  readonly location?: string;
  readonly friendlyName?: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string | null>>;
  /** Lifetime of new tables in milliseconds, as text. */
  readonly defaultTableExpirationMs?: string | null;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset */
export interface DatasetResource extends DatasetInput {
  readonly kind: 'bigquery#dataset';
  readonly etag: string;
  readonly id: string;
  readonly datasetReference: DatasetReference;
  readonly location: string;
  /** Milliseconds since the epoch, as text. */
  readonly creationTime: string;
  readonly lastModifiedTime: string;
  readonly type: 'DEFAULT';
}

/** The properties of a table that a caller may set. Every other property is refused by name. */
export interface TableInput {
  readonly tableReference?: Partial<TableReference>;
  readonly schema?: { readonly fields?: readonly unknown[] };
  readonly friendlyName?: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string | null>>;
  /** Stored and returned, without effect in DuckDB. */
  readonly clustering?: { readonly fields: readonly string[] };
  /** Milliseconds since the epoch, as text. */
  readonly expirationTime?: string | null;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table */
export interface TableResource extends Omit<TableInput, 'schema'> {
  readonly kind: 'bigquery#table';
  readonly etag: string;
  readonly id: string;
  readonly tableReference: TableReference;
  readonly schema: { readonly fields: readonly Field[] };
  readonly numRows: string;
  /** Logical bytes, as text. Google leaves out the streaming buffer; here every row counts at once. */
  readonly numBytes: string;
  readonly numLongTermBytes: string;
  /** Milliseconds since the epoch, as text. */
  readonly creationTime: string;
  /** Milliseconds since the epoch, as text. Each change of rows or schema makes it later. */
  readonly lastModifiedTime: string;
  readonly type: 'TABLE';
  readonly location: string;
}

const DATASET_PROPERTIES = ['friendlyName', 'description', 'labels', 'defaultTableExpirationMs'];
const TABLE_PROPERTIES = ['friendlyName', 'description', 'labels', 'clustering', 'expirationTime'];

/** Output-only properties. They are ignored when a caller sends them back. */
const OUTPUT_ONLY = [
  // The Node.js client sends it in addition to the reference when it creates a dataset.
  'projectId',
  'kind',
  'etag',
  'id',
  'selfLink',
  'creationTime',
  'lastModifiedTime',
  'type',
  'numRows',
  'numBytes',
  'numLongTermBytes',
];

export function datasetProperties(input: object): Record<string, unknown> {
  return properties('Dataset', input, DATASET_PROPERTIES, ['datasetReference', 'location', ...OUTPUT_ONLY]);
}

export function tableProperties(input: object): Record<string, unknown> {
  return properties('Table', input, TABLE_PROPERTIES, [
    'tableReference',
    'schema',
    'location',
    ...OUTPUT_ONLY,
  ]);
}

function properties(
  kind: string,
  input: object,
  supported: readonly string[],
  handledElsewhere: readonly string[],
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (handledElsewhere.includes(name)) continue;
    if (!supported.includes(name)) {
      if (value === null || value === undefined || value === false || value === '') continue;
      throw invalid(
        `${kind}.${name} is not supported by the local BigQuery; it supports ${supported.join(', ')}`,
      );
    }
    kept[name] = checkedProperty(name, value);
  }
  return kept;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset.FIELDS.default_table_expiration_ms */
const MIN_LIFETIME_MS = 3_600_000;

function checkedProperty(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (name === 'labels') return checkedLabels(value);
  if (name === 'clustering') return value;
  if (name === 'expirationTime' || name === 'defaultTableExpirationMs') {
    if (/^\d{1,16}$/.test(String(value))) {
      if (name === 'expirationTime' || Number(value) >= MIN_LIFETIME_MS) return String(value);
      throw invalid(
        `Invalid value for ${name}: ${value}; it must be at least ${MIN_LIFETIME_MS} milliseconds, one hour`,
      );
    }
    throw invalid(`Invalid value for ${name}: ${JSON.stringify(value)}; it must be a number of milliseconds`);
  }
  if (typeof value === 'string') return value;
  throw invalid(`Invalid value for ${name}: ${JSON.stringify(value)}; it must be a string`);
}

/** https://docs.cloud.google.com/bigquery/docs/labels-intro#requirements */
const LABEL_KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const LABEL_VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;

/** Checks the labels of a dataset, table or job. Null is allowed: it removes a label in a patch. */
export function checkedLabels(labels: unknown): Record<string, string | null> {
  if (!isObject(labels)) throw invalid(`labels must be an object, got ${JSON.stringify(labels)}`);
  const checked: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_KEY.test(key)) throw invalid(`Label key "${key}" has invalid characters.`);
    if (value !== null && (typeof value !== 'string' || !LABEL_VALUE.test(value))) {
      throw invalid(`Label value ${JSON.stringify(value)} of "${key}" has invalid characters.`);
    }
    checked[key] = value;
  }
  return checked;
}

/** Applies a patch to `current`. Null removes a property, or a single label. */
export function patched(
  current: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const next: Record<string, unknown> = { ...current };
  for (const [name, value] of Object.entries(patch)) {
    next[name] =
      name === 'labels' && isObject(value) && isObject(current[name])
        ? { ...current[name], ...value }
        : value;
  }
  return withoutNulls(next);
}

export function withoutNulls(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, name === 'labels' && isObject(value) ? withoutNulls(value) : value]),
  );
}

export function datasetResource(projectId: string, dataset: Dataset): DatasetResource {
  const { datasetId, location, properties, creationTime, lastModifiedTime } = dataset;
  const resource = {
    kind: 'bigquery#dataset' as const,
    id: `${projectId}:${datasetId}`,
    datasetReference: { projectId, datasetId },
    ...properties,
    location,
    creationTime: String(creationTime),
    lastModifiedTime: String(lastModifiedTime),
    type: 'DEFAULT' as const,
  };
  return { ...resource, etag: etagOf(resource) };
}

export function tableResource(table: Table, location: string, statistics: TableStatistics): TableResource {
  const { reference, fields, properties, creationTime, lastModifiedTime } = table;
  const resource = {
    kind: 'bigquery#table' as const,
    id: `${reference.projectId}:${reference.datasetId}.${reference.tableId}`,
    tableReference: reference,
    ...properties,
    schema: { fields },
    numRows: String(statistics.rows),
    numBytes: String(totalBytes(statistics)),
    numLongTermBytes: '0',
    creationTime: String(creationTime),
    lastModifiedTime: String(lastModifiedTime),
    type: 'TABLE' as const,
    location,
  };
  return { ...resource, etag: etagOf(resource) };
}

/** A table in the response of tables.list. */
export interface TableListItem {
  readonly kind: 'bigquery#table';
  readonly id: string;
  readonly tableReference: TableReference;
  readonly type: 'TABLE';
  readonly creationTime: string;
  readonly [property: string]: unknown;
}

export function tableListItem({ reference, properties, creationTime }: Table): TableListItem {
  return {
    ...properties,
    kind: 'bigquery#table',
    id: `${reference.projectId}:${reference.datasetId}.${reference.tableId}`,
    tableReference: reference,
    type: 'TABLE',
    creationTime: String(creationTime),
  };
}

/** The anonymous table of a query's result. */
export function resultResource(reference: TableReference, location: string, result: Result): TableResource {
  const { fields, totalRows, bytes, creationTime, expirationTime } = result;
  const table: Table = {
    reference,
    physicalName: '',
    fields,
    properties: { expirationTime: String(expirationTime) },
    creationTime,
    lastModifiedTime: creationTime,
  };
  return tableResource(table, location, {
    rows: totalRows,
    columnBytes: new Map([['', bytes]]),
    isIndexed: true,
  });
}

export function etagOf(resource: object): string {
  return createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 22);
}

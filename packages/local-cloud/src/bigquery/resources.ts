import { createHash } from 'node:crypto';
import type { TableReference } from '../warehouse.ts';
import { datasetResource as resourceOf, selfLink, tableResource as tableResourceOf } from './access.ts';
import type { Dataset, Table } from './catalog.ts';
import { DEFAULT_ACCESS } from './dataset-access.ts';
import { invalid } from './errors.ts';
import type { Result } from './results.ts';
import { isObject } from './row-values.ts';
import { type TableStatistics, totalBytes } from './statistics.ts';
import { kindOf, type TableKind } from './table-kind.ts';
import type { Field } from './types.ts';

interface DatasetReference {
  readonly projectId: string;
  readonly datasetId: string;
}

/** Who may do what with a dataset. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Access */
export interface AccessEntry {
  readonly role?: string;
  readonly userByEmail?: string;
  readonly groupByEmail?: string;
  readonly domain?: string;
  readonly specialGroup?: string;
  readonly iamMember?: string;
  /** A view that may read the tables of the dataset for everybody who may read the view. It has no role. */
  readonly view?: Partial<TableReference>;
}

/** The properties of a dataset that a caller may set. Null removes one in a patch. */
export interface DatasetInput {
  readonly datasetReference?: Partial<DatasetReference> | null;
  readonly location?: string | null;
  readonly friendlyName?: string | null;
  readonly description?: string | null;
  readonly labels?: Readonly<Record<string, string | null>> | null;
  /** Lifetime of new tables in milliseconds, as text. */
  readonly defaultTableExpirationMs?: string | null;
  /** Stored and returned, without effect: time travel reads seven days. */
  readonly maxTimeTravelHours?: string | null;
  /** Stored and returned, without effect: storage costs nothing. */
  readonly storageBillingModel?: 'LOGICAL' | 'PHYSICAL' | null;
  readonly access?: readonly AccessEntry[] | null;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset */
export interface DatasetResource extends DatasetInput {
  readonly kind: 'bigquery#dataset';
  readonly etag: string;
  readonly id: string;
  readonly selfLink: string;
  readonly datasetReference: DatasetReference;
  readonly location: string;
  /** Milliseconds since the epoch, as text. */
  readonly creationTime: string;
  readonly lastModifiedTime: string;
  readonly type: 'DEFAULT';
}

/** The properties of a table that a caller may set. Null removes one in a patch. */
export interface TableInput {
  readonly tableReference?: Partial<TableReference> | null;
  readonly schema?: { readonly fields?: readonly unknown[] } | null;
  readonly friendlyName?: string | null;
  readonly description?: string | null;
  readonly labels?: Readonly<Record<string, string | null>> | null;
  /** Stored and returned, without effect in DuckDB. */
  readonly clustering?: { readonly fields?: readonly string[] } | null;
  /** Stored and returned, without effect in DuckDB. */
  readonly timePartitioning?: { readonly type?: string; readonly field?: string } | null;
  /** Milliseconds since the epoch, as text. */
  readonly expirationTime?: string | null;
  /** Makes the table a view. Its columns are those of the query. */
  readonly view?: { readonly query?: string; readonly useLegacySql?: boolean } | null;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table */
export interface TableResource extends Omit<TableInput, 'schema'> {
  readonly kind: 'bigquery#table';
  readonly etag: string;
  readonly id: string;
  readonly selfLink: string;
  readonly tableReference: TableReference;
  readonly schema: { readonly fields: readonly Field[] };
  readonly numRows: string;
  /** Logical bytes, as text. Google leaves out the streaming buffer; here every row counts at once. */
  readonly numBytes: string;
  readonly numLongTermBytes: string;
  /** `bq show` prints these three beside the older ones. */
  readonly numTotalLogicalBytes: string;
  readonly numActiveLogicalBytes: string;
  readonly numLongTermLogicalBytes: string;
  /** Milliseconds since the epoch, as text. */
  readonly creationTime: string;
  /** Milliseconds since the epoch, as text. Each change of rows or schema makes it later. */
  readonly lastModifiedTime: string;
  readonly type: TableKind;
  readonly location: string;
}

const DATASET_PROPERTIES = [
  'friendlyName',
  'description',
  'labels',
  'defaultTableExpirationMs',
  'maxTimeTravelHours',
  'storageBillingModel',
] as const;
const TABLE_PROPERTIES = [
  'friendlyName',
  'description',
  'labels',
  'clustering',
  'timePartitioning',
  'expirationTime',
  'view',
] as const;

/** What is stored of a dataset beside its reference, location and access. */
export function datasetProperties(input: DatasetInput): Record<string, unknown> {
  return properties(input, DATASET_PROPERTIES);
}

/** What is stored of a table beside its reference and columns. */
export function tableProperties(input: TableInput): Record<string, unknown> {
  return properties(input, TABLE_PROPERTIES);
}

function properties<T extends object>(
  input: T,
  names: readonly (keyof T & string)[],
): Record<string, unknown> {
  const given = names.filter((name) => input[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, checkedProperty(name, input[name])]));
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset.FIELDS.default_table_expiration_ms */
const MIN_LIFETIME_MS = 3_600_000;

/** https://docs.cloud.google.com/bigquery/docs/time-travel#configure_the_time_travel_window */
const TIME_TRAVEL_HOURS = [48, 72, 96, 120, 144, 168];

function checkedProperty(name: string, value: unknown): unknown {
  if (value === null) return null;
  if (name === 'labels') return checkedLabels(value);
  const number = Number(value);
  // `bq update --default_table_expiration 0` clears it so.
  if (name === 'defaultTableExpirationMs' && number === 0) return null;
  if (name === 'defaultTableExpirationMs' && number < MIN_LIFETIME_MS) {
    throw invalid(
      `Invalid value for ${name}: ${value}; it must be at least ${MIN_LIFETIME_MS} milliseconds, one hour`,
    );
  }
  if (name === 'expirationTime' && number < 0) {
    throw invalid(`Invalid value for ${name}: ${value}; it must be a number of milliseconds`);
  }
  if (name === 'maxTimeTravelHours' && !TIME_TRAVEL_HOURS.includes(number)) {
    throw invalid(`Invalid value for ${name}: ${value}; it must be one of ${TIME_TRAVEL_HOURS.join(', ')}`);
  }
  return value;
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

/** Without nulls and what says nothing: the API leaves out fields at their default. */
export function withoutNulls(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties)
      .map(
        ([name, value]) =>
          [name, name === 'labels' && isObject(value) ? withoutNullLabels(value) : value] as const,
      )
      .filter(([, value]) => !saysNothing(value)),
  );
}

/** A label with an empty value says something. */
function saysNothing(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

function withoutNullLabels(labels: object): object {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null));
}

export function datasetResource(
  projectId: string,
  dataset: Dataset,
  granted: readonly AccessEntry[],
): DatasetResource {
  const { datasetId, location, properties, creationTime, lastModifiedTime } = dataset;
  const special = Array.isArray(properties.access) ? properties.access : DEFAULT_ACCESS;
  const resource = {
    kind: 'bigquery#dataset' as const,
    id: `${projectId}:${datasetId}`,
    selfLink: selfLink(resourceOf(projectId, datasetId)),
    datasetReference: { projectId, datasetId },
    ...properties,
    access: [...special, ...granted],
    location,
    creationTime: String(creationTime),
    lastModifiedTime: String(lastModifiedTime),
    type: 'DEFAULT' as const,
  };
  return { ...resource, etag: etagOf(resource) };
}

export function tableResource(table: Table, location: string, statistics: TableStatistics): TableResource {
  const { reference, fields, properties, creationTime, lastModifiedTime } = table;
  const bytes = String(totalBytes(statistics));
  const resource = {
    kind: 'bigquery#table' as const,
    id: `${reference.projectId}:${reference.datasetId}.${reference.tableId}`,
    selfLink: selfLink(tableResourceOf(reference)),
    tableReference: reference,
    ...properties,
    schema: { fields },
    numRows: String(statistics.rows),
    numBytes: bytes,
    numLongTermBytes: '0',
    numTotalLogicalBytes: bytes,
    numActiveLogicalBytes: bytes,
    numLongTermLogicalBytes: '0',
    creationTime: String(creationTime),
    lastModifiedTime: String(lastModifiedTime),
    type: kindOf(table),
    location,
  };
  return { ...resource, etag: etagOf(resource) };
}

/** A table in the response of tables.list. */
export interface TableListItem {
  readonly kind: 'bigquery#table';
  readonly id: string;
  readonly tableReference: TableReference;
  readonly type: TableKind;
  readonly creationTime: string;
  readonly [property: string]: unknown;
}

export function tableListItem(table: Table): TableListItem {
  const { reference, properties, creationTime } = table;
  const { friendlyName, labels, clustering, expirationTime, timePartitioning, rangePartitioning } =
    properties;
  return {
    ...withoutNulls({
      friendlyName,
      labels,
      clustering,
      expirationTime,
      timePartitioning,
      rangePartitioning,
    }),
    ...(kindOf(table) === 'VIEW' && { view: { useLegacySql: false } }),
    kind: 'bigquery#table',
    id: `${reference.projectId}:${reference.datasetId}.${reference.tableId}`,
    tableReference: reference,
    type: kindOf(table),
    creationTime: String(creationTime),
  };
}

/** The anonymous table of a query's result. */
export function resultResource(reference: TableReference, result: Result): TableResource {
  const { fields, totalRows, bytes, creationTime, expirationTime, location } = result;
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

/** Throws FAILED_PRECONDITION unless the caller knows this ETag. */
export type Precondition = (etag: string) => void;

export function etagOf(resource: object): string {
  return createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 22);
}

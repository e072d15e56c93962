import { invalid } from './errors.ts';

/** https://docs.cloud.google.com/bigquery/docs/datasets#dataset-naming */
const DATASET_ID = /^[A-Za-z0-9_]{1,1024}$/;

/** https://docs.cloud.google.com/bigquery/docs/tables#table_naming */
const TABLE_ID = /^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd} ]+$/u;
const TABLE_ID_MAX_BYTES = 1024;

/** With flexible column names. https://docs.cloud.google.com/bigquery/docs/schemas#column_names */
const FIELD_NAME = /^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}&%=+:'<>#| ]{1,300}$/u;
const RESERVED_FIELD_PREFIXES = [
  '_TABLE_',
  '_FILE_',
  '_PARTITION',
  '_ROW_TIMESTAMP',
  '__ROOT__',
  '_COLIDENTIFIER',
  '_CHANGE_SEQUENCE_NUMBER',
  '_CHANGE_TYPE',
  '_CHANGE_TIMESTAMP',
];

/** The pseudo-columns of APPENDS. https://docs.cloud.google.com/bigquery/docs/change-history */
export const COMMIT_TIME = '_CHANGE_TIMESTAMP';
export const CHANGE_TYPE = '_CHANGE_TYPE';

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/JobReference */
const JOB_ID = /^[A-Za-z0-9_-]{1,1024}$/;

export function assertDatasetId(id: unknown): asserts id is string {
  if (id === undefined) throw invalid('Required parameter is missing: datasetId');
  if (typeof id === 'string' && DATASET_ID.test(id)) return;
  throw invalid(
    `Invalid dataset ID ${quoted(id)}. Dataset IDs must be alphanumeric (plus underscores) and must be at most 1024 characters long.`,
  );
}

export function assertTableId(id: unknown): asserts id is string {
  if (id === undefined) throw invalid('Required parameter is missing: tableId');
  if (typeof id === 'string' && TABLE_ID.test(id) && Buffer.byteLength(id) <= TABLE_ID_MAX_BYTES) return;
  throw invalid(
    `Invalid table ID ${quoted(id)}. Table IDs must be alphanumeric (plus underscores, dashes and spaces) and must be at most 1024 bytes long. Also, Table decorators cannot be used.`,
  );
}

/** Throws INVALID_ARGUMENT when the resource in the body of a request is another than the one in its path. */
export function assertSameReference(
  given: Readonly<Record<string, string | undefined>> | null | undefined,
  path: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(path)) {
    const other = given?.[name];
    if (other && other !== value)
      throw invalid(`The ${name} of the request is ${other}, but that of its path is ${value}`);
  }
}

export function assertFieldName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !FIELD_NAME.test(name)) {
    throw invalid(
      `Invalid field name ${quoted(name)}. Fields must contain the allowed characters, and be at most 300 characters long. For allowed characters, please refer to https://cloud.google.com/bigquery/docs/schemas#column_names`,
    );
  }
  assertNotReserved(name);
}

/** No table has a column with such a name, and no result of a query. */
export function assertNotReserved(name: string): void {
  const upper = name.toUpperCase();
  const prefix = RESERVED_FIELD_PREFIXES.find((reserved) => upper.startsWith(reserved));
  if (prefix) {
    throw invalid(
      `Invalid field name ${quoted(name)}. Field names are not allowed to start with the (case-insensitive) prefix ${prefix}`,
    );
  }
}

export function assertJobId(id: unknown): asserts id is string {
  if (typeof id === 'string' && JOB_ID.test(id)) return;
  throw invalid(
    `Invalid job ID ${quoted(id)}. Job IDs must be alphanumeric (plus underscores and dashes) and must be at most 1024 characters long.`,
  );
}

/** The one place where a name becomes part of DuckDB's SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A stored column: one named `rowid` would hide the ids that DuckDB gives to rows. The prefix is reserved. */
export const ROWID_COLUMN = '_TABLE_rowid';

/** A column of a stored table in DuckDB's SQL. */
export function quoteColumn(name: string): string {
  return quoteIdentifier(/^rowid$/i.test(name) ? ROWID_COLUMN : name);
}

/** The one place where a text becomes a literal of DuckDB's SQL. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return `"${text.length > 80 ? `${text.slice(0, 79)}…` : text}"`;
}

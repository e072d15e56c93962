import type { Dataset, Table } from '../catalog.ts';
import { isObject } from '../row-values.ts';
import { columnBytesSql } from '../sizes.ts';
import { kindOf, viewOf } from '../table-kind.ts';
import { partitionClause } from '../table-layout.ts';
import { type Field, fieldTypeName, scalar, typeOfField } from '../types.ts';
import { type Columns, metadataTable, structType } from './metadata-table.ts';

// Views of INFORMATION_SCHEMA. https://docs.cloud.google.com/bigquery/docs/information-schema-intro

/** The columns that name a table. */
function tableName<Row>(tableOf: (row: Row) => Table): Columns<Row> {
  return {
    table_catalog: ['STRING', (row) => tableOf(row).reference.projectId],
    table_schema: ['STRING', (row) => tableOf(row).reference.datasetId],
    table_name: ['STRING', (row) => tableOf(row).reference.tableId],
  };
}

const NAME_OF_TABLE = tableName((table: Table) => table);

/** No column has policy tags here. */
const NO_TAGS = [{ kind: 'ARRAY', element: scalar('STRING') }, () => []] as const;

/** https://docs.cloud.google.com/bigquery/docs/information-schema-tables */
export const TABLES = metadataTable<Table>(({ tables }) => tables, {
  ...NAME_OF_TABLE,
  table_type: ['STRING', tableType],
  managed_table_type: ['STRING', (table) => (kindOf(table) === 'VIEW' ? null : 'NATIVE')],
  is_insertable_into: ['STRING', (table) => (kindOf(table) === 'TABLE' ? 'YES' : 'NO')],
  is_fine_grained_mutations_enabled: ['STRING', () => 'NO'],
  is_typed: ['STRING', () => 'NO'],
  is_change_history_enabled: ['STRING', () => 'NO'],
  creation_time: ['TIMESTAMP', ({ creationTime }) => isoTime(creationTime)],
  base_table_catalog: ['STRING', (table) => text(baseOf(table).projectId)],
  base_table_schema: ['STRING', (table) => text(baseOf(table).datasetId)],
  base_table_name: ['STRING', (table) => text(baseOf(table).tableId)],
  snapshot_time_ms: [
    'TIMESTAMP',
    (table) => text(originOf(table)?.snapshotTime ?? originOf(table)?.cloneTime),
  ],
  ddl: ['STRING', tableDdl],
  default_collation_name: ['STRING', () => 'NULL'],
});

const text = (value: unknown) => (typeof value === 'string' ? value : null);

/** What a snapshot or clone was made of. */
function originOf({ properties: { snapshotDefinition, cloneDefinition } }: Table) {
  return [snapshotDefinition, cloneDefinition].find(isObject);
}

function baseOf(table: Table): Readonly<Record<string, unknown>> {
  const base = originOf(table)?.baseTableReference;
  return isObject(base) ? base : {};
}

function tableType(table: Table): string {
  const kind = kindOf(table);
  if (kind !== 'TABLE') return kind;
  return table.properties.cloneDefinition ? 'CLONE' : 'BASE TABLE';
}

/** https://docs.cloud.google.com/bigquery/docs/information-schema-views */
export const VIEWS = metadataTable<Table>(({ tables }) => tables.filter(viewOf), {
  ...NAME_OF_TABLE,
  view_definition: ['STRING', (table) => viewOf(table)?.query],
  check_option: ['STRING'],
  use_standard_sql: ['STRING', () => 'YES'],
});

/** https://docs.cloud.google.com/bigquery/docs/information-schema-datasets-schemata */
export const SCHEMATA = metadataTable<Dataset & { readonly projectId: string }>(
  ({ projectId, datasets }) => datasets.map((dataset) => ({ ...dataset, projectId })),
  {
    catalog_name: ['STRING', ({ projectId }) => projectId],
    schema_name: ['STRING', ({ datasetId }) => datasetId],
    schema_owner: ['STRING'],
    creation_time: ['TIMESTAMP', ({ creationTime }) => isoTime(creationTime)],
    last_modified_time: ['TIMESTAMP', ({ lastModifiedTime }) => isoTime(lastModifiedTime)],
    location: ['STRING', ({ location }) => location],
    ddl: ['STRING', schemaDdl],
    default_collation_name: ['STRING', () => 'NULL'],
  },
  { ofProject: true },
);

function schemaDdl({ projectId, datasetId, location }: Dataset & { readonly projectId: string }): string {
  const option = `location=${textLiteral(location.toLowerCase())}`;
  return `CREATE SCHEMA \`${projectId}.${datasetId}\`\nOPTIONS(\n  ${option}\n);`;
}

/** A column, or a field inside of one, with its table. */
interface ColumnRow {
  readonly table: Table;
  readonly column: Field;
  /** From 1. */
  readonly position: number;
}

const columnsOf = (table: Table): ColumnRow[] =>
  table.fields.map((column, index) => ({ table, column, position: index + 1 }));

/** https://docs.cloud.google.com/bigquery/docs/information-schema-columns */
export const COLUMNS = metadataTable<ColumnRow>(({ tables }) => tables.flatMap(columnsOf), {
  ...tableName(({ table }: ColumnRow) => table),
  column_name: ['STRING', ({ column }) => column.name],
  ordinal_position: ['INT64', ({ position }) => position],
  is_nullable: ['STRING', ({ column }) => (column.mode === 'REQUIRED' ? 'NO' : 'YES')],
  data_type: ['STRING', ({ column }) => fieldTypeName(column)],
  is_generated: ['STRING', () => 'NEVER'],
  generation_expression: ['STRING'],
  is_stored: ['STRING'],
  is_hidden: ['STRING', () => 'NO'],
  is_updatable: ['STRING'],
  is_system_defined: ['STRING', () => 'NO'],
  is_partitioning_column: ['STRING', (row) => (isPartitioning(row) ? 'YES' : 'NO')],
  clustering_ordinal_position: ['INT64', clusteringPosition],
  collation_name: ['STRING'],
  column_default: ['STRING'],
  rounding_mode: ['STRING'],
  policy_tags: NO_TAGS,
});

function isPartitioning({ table, column }: ColumnRow): boolean {
  const partitioned = partitionClause(table.properties, table.fields)?.field;
  return partitioned?.toLowerCase() === column.name.toLowerCase();
}

function clusteringPosition({ table, column }: ColumnRow): number | null {
  const names = clusteringOf(table).map((name) => name.toLowerCase());
  return names.indexOf(column.name.toLowerCase()) + 1 || null;
}

interface FieldRow {
  readonly table: Table;
  readonly column: Field;
  readonly path: string;
  readonly field: Field;
}

const fieldsOf = (table: Table): FieldRow[] =>
  table.fields.flatMap((column) =>
    fieldPaths(column).map(([path, field]) => ({ table, column, path, field })),
  );

/** https://docs.cloud.google.com/bigquery/docs/information-schema-column-field-paths */
export const COLUMN_FIELD_PATHS = metadataTable<FieldRow>(({ tables }) => tables.flatMap(fieldsOf), {
  ...tableName(({ table }: FieldRow) => table),
  column_name: ['STRING', ({ column }) => column.name],
  field_path: ['STRING', ({ path }) => path],
  data_type: ['STRING', ({ field }) => fieldTypeName(field)],
  description: ['STRING', ({ field }) => field.description],
  collation_name: ['STRING'],
  rounding_mode: ['STRING'],
  policy_tags: NO_TAGS,
});

/** A column and those inside it, with their paths. */
function fieldPaths(field: Field, prefix = ''): (readonly [string, Field])[] {
  const path = `${prefix}${field.name}`;
  return [[path, field], ...(field.fields ?? []).flatMap((inner) => fieldPaths(inner, `${path}.`))];
}

interface OptionRow {
  readonly table: Table;
  readonly option: readonly [name: string, type: string, value: string];
}

const optionsOf = (table: Table): OptionRow[] => tableOptions(table).map((option) => ({ table, option }));

/** https://docs.cloud.google.com/bigquery/docs/information-schema-table-options */
export const TABLE_OPTIONS = metadataTable<OptionRow>(({ tables }) => tables.flatMap(optionsOf), {
  ...tableName(({ table }: OptionRow) => table),
  option_name: ['STRING', ({ option }) => option[0]],
  option_type: ['STRING', ({ option }) => option[1]],
  option_value: ['STRING', ({ option }) => option[2]],
});

/** The options that are set: name, type and literal. */
function tableOptions(table: Table): (readonly [name: string, type: string, value: string])[] {
  const { friendlyName, description, labels, expirationTime } = table.properties;
  const pairs = isObject(labels) ? Object.entries(labels) : [];
  const options = [
    ['description', 'STRING', description && textLiteral(description)],
    ['expiration_timestamp', 'TIMESTAMP', expirationTime && timestampLiteral(Number(expirationTime))],
    ['friendly_name', 'STRING', friendlyName && textLiteral(friendlyName)],
    ['labels', 'ARRAY<STRUCT<STRING, STRING>>', pairs.length > 0 && labelsLiteral(pairs)],
  ] as const;
  return options.flatMap(([name, type, value]) =>
    typeof value === 'string' && value !== '' ? [[name, type, value] as const] : [],
  );
}

/** The statement that makes such a table. */
function tableDdl(table: Table): string {
  const { projectId, datasetId, tableId } = table.reference;
  const kind = kindOf(table);
  const noun = kind === 'SNAPSHOT' ? 'SNAPSHOT TABLE' : kind;
  const head = `CREATE ${noun} \`${projectId}.${datasetId}.${tableId}\``;
  const set = tableOptions(table).map(([name, _, value]) => `  ${name}=${value}`);
  const options = set.length > 0 ? [`OPTIONS(\n${set.join(',\n')}\n)`] : [];
  const view = viewOf(table);
  if (view) return `${[head, ...options].join('\n')}\nAS ${view.query};`;
  const columns = table.fields.map((field) => {
    const required = field.mode === 'REQUIRED' ? ' NOT NULL' : '';
    const described = field.description ? ` OPTIONS(description=${textLiteral(field.description)})` : '';
    return `  ${field.name} ${fieldTypeName(field)}${required}${described}`;
  });
  const clustered = clusteringOf(table);
  const clustering = clustered.length > 0 ? [`CLUSTER BY ${clustered.join(', ')}`] : [];
  const partitions = partitionClause(table.properties, table.fields);
  const partitioning = partitions ? [`PARTITION BY ${partitions.sql}`] : [];
  const body = `(\n${columns.join(',\n')}\n)`;
  return `${[head, body, ...partitioning, ...clustering, ...options].join('\n')};`;
}

/** Milliseconds since the epoch as a text. */
function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** A text of GoogleSQL in double quotes, which here is JSON's form as well: dbt reads it by JSON_VALUE. */
function textLiteral(text: unknown): string {
  return JSON.stringify(text);
}

function timestampLiteral(milliseconds: number): string {
  return `TIMESTAMP "${isoTime(milliseconds)}"`;
}

function labelsLiteral(pairs: readonly (readonly [string, unknown])[]): string {
  return `[${pairs.map(([key, value]) => `STRUCT(${textLiteral(key)}, ${textLiteral(value)})`).join(', ')}]`;
}

/** Always empty: there are no materialized views here. https://docs.cloud.google.com/bigquery/docs/information-schema-materialized-views */
export const MATERIALIZED_VIEWS = metadataTable<Table>(() => [], {
  ...NAME_OF_TABLE,
  last_refresh_time: ['TIMESTAMP'],
  refresh_watermark: ['TIMESTAMP'],
  last_refresh_status: [structType('reason', 'location', 'debug_info', 'message')],
});

/** The clustering columns of a table. */
function clusteringOf({ properties: { clustering } }: Table): string[] {
  const names: unknown = isObject(clustering) ? clustering.fields : undefined;
  return Array.isArray(names) ? names.map(String) : [];
}

const isView = (table: Table) => kindOf(table) === 'VIEW';

function bytesSql({ fields }: Table): string {
  return fields.map((field) => columnBytesSql(typeOfField(field), field.name)).join(' + ') || '0';
}

/** `__TABLES__`. Not in Google's documentation of today. Its columns are those that dbt's catalog and public queries read. */
export const DATASET_TABLES = metadataTable<Table>(
  ({ tables }) => tables,
  {
    project_id: ['STRING', ({ reference }) => reference.projectId],
    dataset_id: ['STRING', ({ reference }) => reference.datasetId],
    table_id: ['STRING', ({ reference }) => reference.tableId],
    creation_time: ['INT64', ({ creationTime }) => creationTime],
    last_modified_time: ['INT64', ({ lastModifiedTime }) => lastModifiedTime],
    row_count: ['INT64', (table) => (isView(table) ? 0 : { sql: 'count(*)' })],
    size_bytes: ['INT64', (table) => (isView(table) ? 0 : { sql: bytesSql(table) })],
    // No public source tells the number of a snapshot.
    type: ['INT64', (table) => (kindOf(table) === 'SNAPSHOT' ? null : isView(table) ? 2 : 1)],
  },
  { of: (table) => (isView(table) ? undefined : table) },
);

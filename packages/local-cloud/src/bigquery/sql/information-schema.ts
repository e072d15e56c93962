import type { Table } from '../catalog.ts';
import { isObject } from '../row-values.ts';
import { kindOf, viewOf } from '../table-kind.ts';
import { partitionClause } from '../table-layout.ts';
import { type DataType, type Field, fieldTypeName, scalar } from '../types.ts';
import { type MetadataRow, type MetadataTable, typed } from './metadata-table.ts';

// Views of INFORMATION_SCHEMA. https://docs.cloud.google.com/bigquery/docs/information-schema-intro

const TABLE_NAME = { table_catalog: 'STRING', table_schema: 'STRING', table_name: 'STRING' } as const;

function tableName({ reference: { projectId, datasetId, tableId } }: Table) {
  return { table_catalog: projectId, table_schema: datasetId, table_name: tableId };
}

const TEXTS: DataType = { kind: 'ARRAY', element: scalar('STRING') };

/** No column has policy tags here. */
const NO_TAGS = { policy_tags: [] } as const;

/** https://docs.cloud.google.com/bigquery/docs/information-schema-tables */
export const TABLES: MetadataTable = {
  columns: typed({
    ...TABLE_NAME,
    table_type: 'STRING',
    managed_table_type: 'STRING',
    is_insertable_into: 'STRING',
    is_fine_grained_mutations_enabled: 'STRING',
    is_typed: 'STRING',
    is_change_history_enabled: 'STRING',
    creation_time: 'TIMESTAMP',
    base_table_catalog: 'STRING',
    base_table_schema: 'STRING',
    base_table_name: 'STRING',
    snapshot_time_ms: 'TIMESTAMP',
    ddl: 'STRING',
    default_collation_name: 'STRING',
  }),
  rows: ({ tables }) =>
    tables.map((table) => {
      const { snapshotDefinition, cloneDefinition } = table.properties;
      const origin = [snapshotDefinition, cloneDefinition].find(isObject);
      const base = isObject(origin?.baseTableReference) ? origin.baseTableReference : {};
      const text = (value: unknown) => (typeof value === 'string' ? value : null);
      return {
        values: {
          ...tableName(table),
          table_type: tableType(table),
          managed_table_type: kindOf(table) === 'VIEW' ? null : 'NATIVE',
          is_insertable_into: kindOf(table) === 'TABLE' ? 'YES' : 'NO',
          is_fine_grained_mutations_enabled: 'NO',
          is_typed: 'NO',
          is_change_history_enabled: 'NO',
          creation_time: isoTime(table.creationTime),
          base_table_catalog: text(base.projectId),
          base_table_schema: text(base.datasetId),
          base_table_name: text(base.tableId),
          snapshot_time_ms: text(origin?.snapshotTime ?? origin?.cloneTime),
          ddl: tableDdl(table),
          default_collation_name: 'NULL',
        },
      };
    }),
};

function tableType(table: Table): string {
  const kind = kindOf(table);
  if (kind !== 'TABLE') return kind;
  return table.properties.cloneDefinition ? 'CLONE' : 'BASE TABLE';
}

/** https://docs.cloud.google.com/bigquery/docs/information-schema-views */
export const VIEWS: MetadataTable = {
  columns: typed({
    ...TABLE_NAME,
    view_definition: 'STRING',
    check_option: 'STRING',
    use_standard_sql: 'STRING',
  }),
  rows: ({ tables }) =>
    tables.flatMap((table) => {
      const view = viewOf(table);
      if (!view) return [];
      return [{ values: { ...tableName(table), view_definition: view.query, use_standard_sql: 'YES' } }];
    }),
};

/** https://docs.cloud.google.com/bigquery/docs/information-schema-datasets-schemata */
export const SCHEMATA: MetadataTable = {
  ofProject: true,
  columns: typed({
    catalog_name: 'STRING',
    schema_name: 'STRING',
    schema_owner: 'STRING',
    creation_time: 'TIMESTAMP',
    last_modified_time: 'TIMESTAMP',
    location: 'STRING',
    ddl: 'STRING',
    default_collation_name: 'STRING',
  }),
  rows: ({ projectId, datasets }) =>
    datasets.map(({ datasetId, creationTime, lastModifiedTime, location }) => ({
      values: {
        catalog_name: projectId,
        schema_name: datasetId,
        creation_time: isoTime(creationTime),
        last_modified_time: isoTime(lastModifiedTime),
        location,
        ddl: `CREATE SCHEMA \`${projectId}.${datasetId}\`\nOPTIONS(\n  location=${textLiteral(location.toLowerCase())}\n);`,
        default_collation_name: 'NULL',
      },
    })),
};

/** https://docs.cloud.google.com/bigquery/docs/information-schema-columns */
export const COLUMNS: MetadataTable = {
  columns: {
    ...typed({
      ...TABLE_NAME,
      column_name: 'STRING',
      ordinal_position: 'INT64',
      is_nullable: 'STRING',
      data_type: 'STRING',
      is_generated: 'STRING',
      generation_expression: 'STRING',
      is_stored: 'STRING',
      is_hidden: 'STRING',
      is_updatable: 'STRING',
      is_system_defined: 'STRING',
      is_partitioning_column: 'STRING',
      clustering_ordinal_position: 'INT64',
      collation_name: 'STRING',
      column_default: 'STRING',
      rounding_mode: 'STRING',
    }),
    policy_tags: TEXTS,
  },
  rows: ({ tables }) =>
    tables.flatMap((table) => {
      const clustered = clusteringOf(table).map((name) => name.toLowerCase());
      const partitioned = partitionClause(table.properties, table.fields)?.field.toLowerCase();
      return table.fields.map((field, index) => ({
        values: {
          ...tableName(table),
          column_name: field.name,
          ordinal_position: index + 1,
          is_nullable: field.mode === 'REQUIRED' ? 'NO' : 'YES',
          data_type: fieldTypeName(field),
          is_generated: 'NEVER',
          is_hidden: 'NO',
          is_system_defined: 'NO',
          is_partitioning_column: partitioned === field.name.toLowerCase() ? 'YES' : 'NO',
          clustering_ordinal_position: clustered.indexOf(field.name.toLowerCase()) + 1 || null,
          ...NO_TAGS,
        },
      }));
    }),
};

/** https://docs.cloud.google.com/bigquery/docs/information-schema-column-field-paths */
export const COLUMN_FIELD_PATHS: MetadataTable = {
  columns: {
    ...typed({
      ...TABLE_NAME,
      column_name: 'STRING',
      field_path: 'STRING',
      data_type: 'STRING',
      description: 'STRING',
      collation_name: 'STRING',
      rounding_mode: 'STRING',
    }),
    policy_tags: TEXTS,
  },
  rows: ({ tables }) =>
    tables.flatMap((table) =>
      table.fields.flatMap((column) =>
        fieldPaths(column).map(([path, field]) => ({
          values: {
            ...tableName(table),
            column_name: column.name,
            field_path: path,
            data_type: fieldTypeName(field),
            description: field.description ?? null,
            ...NO_TAGS,
          },
        })),
      ),
    ),
};

/** A column and those inside it, with their paths. */
function fieldPaths(field: Field, prefix = ''): (readonly [string, Field])[] {
  const path = `${prefix}${field.name}`;
  return [[path, field], ...(field.fields ?? []).flatMap((inner) => fieldPaths(inner, `${path}.`))];
}

/** https://docs.cloud.google.com/bigquery/docs/information-schema-table-options */
export const TABLE_OPTIONS: MetadataTable = {
  columns: typed({ ...TABLE_NAME, option_name: 'STRING', option_type: 'STRING', option_value: 'STRING' }),
  rows: ({ tables }) => tables.flatMap(optionsOf),
};

function optionsOf(table: Table): MetadataRow[] {
  return tableOptions(table).map(([option_name, option_type, option_value]) => ({
    values: { ...tableName(table), option_name, option_type, option_value },
  }));
}

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
export const MATERIALIZED_VIEWS: MetadataTable = {
  columns: {
    ...typed({ ...TABLE_NAME, last_refresh_time: 'TIMESTAMP', refresh_watermark: 'TIMESTAMP' }),
    last_refresh_status: {
      kind: 'STRUCT',
      fields: ['reason', 'location', 'debug_info', 'message'].map((name) => ({
        name,
        type: scalar('STRING'),
      })),
    },
  },
  rows: () => [],
};

/** The clustering columns of a table. */
function clusteringOf({ properties: { clustering } }: Table): string[] {
  const names: unknown = isObject(clustering) ? clustering.fields : undefined;
  return Array.isArray(names) ? names.map(String) : [];
}

import type { Table } from '../catalog.ts';
import { isObject } from '../row-values.ts';
import { type DataType, type Field, scalar, typeName, typeOfField } from '../types.ts';
import { type MetadataRow, type MetadataTable, typed } from './metadata-table.ts';

// Views of INFORMATION_SCHEMA. https://docs.cloud.google.com/bigquery/docs/information-schema-intro

const TABLE_NAME = { table_catalog: 'STRING', table_schema: 'STRING', table_name: 'STRING' } as const;

function tableName({ reference: { projectId, datasetId, tableId } }: Table) {
  return { table_catalog: projectId, table_schema: datasetId, table_name: tableId };
}

const TEXTS: DataType = { kind: 'ARRAY', element: scalar('STRING') };

/** No column has policy tags here. */
const NO_TAGS = { policy_tags: { sql: '[]' } } as const;

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
  rows: (tables) =>
    tables.flatMap((table) => {
      const clustered = clusteringOf(table);
      return table.fields.map((field, index) => ({
        values: {
          ...tableName(table),
          column_name: field.name,
          ordinal_position: index + 1,
          is_nullable: field.mode === 'REQUIRED' ? 'NO' : 'YES',
          data_type: typeName(typeOfField(field)),
          is_generated: 'NEVER',
          is_hidden: 'NO',
          is_system_defined: 'NO',
          is_partitioning_column: 'NO',
          clustering_ordinal_position: (clustered.indexOf(field.name.toLowerCase()) + 1 || null) as
            | number
            | null,
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
  rows: (tables) =>
    tables.flatMap((table) =>
      table.fields.flatMap((column) =>
        fieldPaths(column).map(([path, field]) => ({
          values: {
            ...tableName(table),
            column_name: column.name,
            field_path: path,
            data_type: typeName(typeOfField(field)),
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
  rows: (tables) => tables.flatMap(optionsOf),
};

function optionsOf(table: Table): MetadataRow[] {
  const { friendlyName, description, labels, expirationTime } = table.properties;
  const pairs = isObject(labels) ? Object.entries(labels) : [];
  const options = [
    ['description', 'STRING', description && textLiteral(description)],
    ['expiration_timestamp', 'TIMESTAMP', expirationTime && timestampLiteral(Number(expirationTime))],
    ['friendly_name', 'STRING', friendlyName && textLiteral(friendlyName)],
    ['labels', 'ARRAY<STRUCT<STRING, STRING>>', pairs.length > 0 && labelsLiteral(pairs)],
  ] as const;
  return options.flatMap(([option_name, option_type, option_value]) =>
    typeof option_value === 'string' && option_value !== ''
      ? [{ values: { ...tableName(table), option_name, option_type, option_value } }]
      : [],
  );
}

/** A text of GoogleSQL in double quotes, which here is JSON's form as well: dbt reads it by JSON_VALUE. */
function textLiteral(text: unknown): string {
  return JSON.stringify(text);
}

function timestampLiteral(milliseconds: number): string {
  return `TIMESTAMP "${new Date(milliseconds).toISOString()}"`;
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

/** The clustering columns of a table, in lower case. */
function clusteringOf({ properties: { clustering } }: Table): string[] {
  const names: unknown = isObject(clustering) ? clustering.fields : undefined;
  return Array.isArray(names) ? names.map((name) => String(name).toLowerCase()) : [];
}

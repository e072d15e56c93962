import type { Table } from '../catalog.ts';
import { columnBytesSql } from '../sizes.ts';
import { kindOf } from '../table-kind.ts';
import { typeOfField } from '../types.ts';
import { metadataTable } from './metadata-table.ts';

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

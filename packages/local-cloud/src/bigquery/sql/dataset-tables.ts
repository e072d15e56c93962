import { columnBytesSql } from '../sizes.ts';
import { kindOf } from '../table-kind.ts';
import { typeOfField } from '../types.ts';
import { type MetadataTable, typed } from './metadata-table.ts';

/** `__TABLES__`. Not in Google's documentation of today. Its columns are those that dbt's catalog and public queries read. */
export const DATASET_TABLES: MetadataTable = {
  columns: typed({
    project_id: 'STRING',
    dataset_id: 'STRING',
    table_id: 'STRING',
    creation_time: 'INT64',
    last_modified_time: 'INT64',
    row_count: 'INT64',
    size_bytes: 'INT64',
    type: 'INT64',
  }),
  rows: ({ tables }) =>
    tables.map((table) => {
      const { reference, creationTime, lastModifiedTime, fields } = table;
      const { projectId, datasetId, tableId } = reference;
      const kind = kindOf(table);
      const sizes = fields.map((field) => columnBytesSql(typeOfField(field), field.name));
      const counted = {
        row_count: { sql: 'count(*)' },
        size_bytes: { sql: sizes.join(' + ') || '0' },
      };
      return {
        values: {
          project_id: projectId,
          dataset_id: datasetId,
          table_id: tableId,
          creation_time: creationTime,
          last_modified_time: lastModifiedTime,
          ...(kind === 'VIEW' ? { row_count: 0, size_bytes: 0 } : counted),
          // No public source tells the number of a snapshot.
          type: kind === 'SNAPSHOT' ? null : kind === 'VIEW' ? 2 : 1,
        },
        ...(kind !== 'VIEW' && { of: table }),
      };
    }),
};

import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';

/** https://cloud.google.com/bigquery/docs/tables#table_naming */
const TABLE = /^([a-z0-9][a-z0-9.:-]*)[.:]([A-Za-z0-9_]{1,1024})\.([\p{L}\p{M}\p{N}\p{Pc}\p{Pd} ]{1,1024})$/u;

/** Parses `project.dataset.table`, or `project:dataset.table` as gcloud and bq write it. Throws INVALID_ARGUMENT. */
export function parseTable(name: string): TableReference {
  const [, projectId, datasetId, tableId] = TABLE.exec(name) ?? [];
  if (projectId === undefined || datasetId === undefined || tableId === undefined) {
    throw new CloudError('INVALID_ARGUMENT', `Invalid bigquery_config.table: "${name}".`, {
      hint: 'expected PROJECT.DATASET.TABLE, such as my-project.my_dataset.my_table',
    });
  }
  return { projectId, datasetId, tableId };
}

/** The table's resource name, for grants. */
export function tableResource({ projectId, datasetId, tableId }: TableReference): string {
  return `projects/${projectId}/datasets/${datasetId}/tables/${tableId}`;
}

/** The table's name in messages. */
export function tableName({ projectId, datasetId, tableId }: TableReference): string {
  return `${projectId}.${datasetId}.${tableId}`;
}

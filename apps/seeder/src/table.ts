import { SeederError } from './errors.ts';

/**
 * Project, dataset and table. Stricter than BigQuery, whose table names may hold spaces and any letters; nothing that
 * passes can end a quoted identifier. https://docs.cloud.google.com/bigquery/docs/tables#table_naming
 */
const TABLE = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*\.[A-Za-z0-9_]+\.[A-Za-z0-9_-]+$/;

/** `project.dataset.table` as an identifier of GoogleSQL. Throws SeederError. */
export function quotedTable(table: string): string {
  if (TABLE.test(table)) return `\`${table}\``;
  throw new SeederError(`table "${table}" is not a table name: it must read project.dataset.table`);
}

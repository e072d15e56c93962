/** The parts of `project.dataset.table`. */
export interface TableName {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

/**
 * Narrower than BigQuery's rule, which allows spaces and other alphabets: no accepted name needs escaping between backticks.
 * https://docs.cloud.google.com/bigquery/docs/tables#table_naming
 */
export const TABLE_PATTERN =
  '^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\\.[A-Za-z0-9_]{1,1024}\\.[A-Za-z0-9_-]{1,1024}$';

const table = new RegExp(TABLE_PATTERN);

/** Throws TypeError for text that is not `project.dataset.table`. */
export function parseTableName(text: string): TableName {
  if (!table.test(text))
    throw new TypeError(`not a full table name (project.dataset.table): ${JSON.stringify(text)}`);
  const [tableId = '', datasetId = '', ...project] = text.split('.').reverse();
  return { projectId: project.reverse().join('.'), datasetId, tableId };
}

/** The table in SQL, validated again: the only identifier that enters a statement. */
export function quoteTableName({ projectId, datasetId, tableId }: TableName): string {
  const name = `${projectId}.${datasetId}.${tableId}`;
  parseTableName(name);
  return `\`${name}\``;
}

/** A table's name in BigQuery's REST shape. */
export interface TableReference {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

/** A column in BigQuery's REST shape (`TableFieldSchema`), as far as writers look at it. */
export interface TableField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly fields?: readonly TableField[];
}

/** Why one row of an append was refused. `index` is its place in the request. */
export interface RowError {
  readonly index: number;
  readonly message: string;
}

/** What a BigQuery subscription needs of BigQuery: the Storage Write API's default stream, reduced to rows. */
export interface Warehouse {
  /** The columns of a table. Throws CloudError NOT_FOUND. */
  tableSchema(table: TableReference): Promise<readonly TableField[]>;
  /** Where the table's dataset is, as `southamerica-west1` or `EU`. Throws CloudError NOT_FOUND. */
  tableLocation(table: TableReference): Promise<string>;
  /**
   * Appends all rows, or, when any is refused, none and returns every refusal. Committed when it returns none.
   * Throws CloudError NOT_FOUND for a missing table, UNAVAILABLE when nothing could be written.
   * https://docs.cloud.google.com/bigquery/docs/write-api
   */
  appendRows(table: TableReference, rows: readonly Record<string, unknown>[]): Promise<readonly RowError[]>;
}

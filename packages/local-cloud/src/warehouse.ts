/** A table's name, in BigQuery's REST shape. */
export interface TableReference {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

/** The part of a column (`TableFieldSchema` of BigQuery's REST API) that a writer needs. */
export interface TableField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly fields?: readonly TableField[];
}

/** Why one row of an append was refused. `index` is its position in the request. */
export interface RowError {
  readonly index: number;
  readonly message: string;
}

/** The part of BigQuery that a BigQuery subscription uses: the Storage Write API's default stream, as plain rows. */
export interface Warehouse {
  /** The columns of a table. Throws CloudError NOT_FOUND. */
  tableSchema(table: TableReference): Promise<readonly TableField[]>;
  /** Location of the table's dataset: `southamerica-west1`, `EU`. Throws CloudError NOT_FOUND. */
  tableLocation(table: TableReference): Promise<string>;
  /**
   * Appends all rows, or none. Returns the refused rows; all rows are committed when the result is empty.
   * Throws CloudError NOT_FOUND for a missing table, UNAVAILABLE when nothing could be written.
   * https://docs.cloud.google.com/bigquery/docs/write-api
   */
  appendRows(table: TableReference, rows: readonly Record<string, unknown>[]): Promise<readonly RowError[]>;
}

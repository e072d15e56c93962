import { BigQuery } from '../../src/bigquery/bigquery.ts';
import type { FakeClock } from '../../src/clock.ts';
import type { RowError, TableField, TableReference, Warehouse } from '../../src/warehouse.ts';

export const DATASET = 'records';
export const TABLE = 'records';
export const COLUMNS: readonly TableField[] = ['id', 'nombre', 'apellido', 'pais'].map((name) => ({
  name,
  type: 'STRING',
  mode: 'REQUIRED',
}));

/** The local BigQuery, which records committed rows and fails on demand. */
export class TestWarehouse implements Warehouse {
  readonly bigquery: BigQuery;
  /** Committed rows, in order. */
  readonly rows: Record<string, unknown>[] = [];
  /** Number of rows of each attempted append. */
  readonly appends: number[] = [];
  /** Appends throw it while it is set. */
  failure: Error | undefined;
  /** Every append awaits it before it starts. */
  gate: Promise<void> = Promise.resolve();

  private constructor(bigquery: BigQuery) {
    this.bigquery = bigquery;
  }

  static async open(
    clock: FakeClock,
    columns: readonly TableField[] | undefined = COLUMNS,
  ): Promise<TestWarehouse> {
    const bigquery = await BigQuery.open({ projectId: 'local', location: 'southamerica-west1', clock });
    await bigquery.insertDataset({ datasetReference: { datasetId: DATASET } });
    const warehouse = new TestWarehouse(bigquery);
    await warehouse.createTable(columns);
    return warehouse;
  }

  async createTable(columns: readonly TableField[]): Promise<void> {
    const schema = { fields: columns.map((column) => ({ ...column })) };
    await this.bigquery.insertTable(DATASET, {
      tableReference: { datasetId: DATASET, tableId: TABLE },
      schema,
    });
  }

  tableSchema(table: TableReference): Promise<readonly TableField[]> {
    return this.bigquery.tableSchema(table);
  }

  tableLocation(table: TableReference): Promise<string> {
    return this.bigquery.tableLocation(table);
  }

  async appendRows(
    table: TableReference,
    rows: readonly Record<string, unknown>[],
  ): Promise<readonly RowError[]> {
    this.appends.push(rows.length);
    await this.gate;
    if (this.failure) throw this.failure;
    const errors = await this.bigquery.appendRows(table, rows);
    if (errors.length === 0) this.rows.push(...rows);
    return errors;
  }
}

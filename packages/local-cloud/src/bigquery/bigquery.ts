import type { Clock } from '../clock.ts';
import type { RowError, TableReference, Warehouse } from '../warehouse.ts';
import { appendRows } from './append-rows.ts';
import { Catalog } from './catalog.ts';
import { Database } from './database.ts';
import { Datasets, type ServiceContext } from './datasets.ts';
import type { DatasetInput, DatasetResource, TableInput, TableResource } from './resources.ts';
import { Statistics } from './statistics.ts';
import { Tables } from './tables.ts';
import type { Field } from './types.ts';

export interface BigQueryOptions {
  readonly projectId: string;
  /** Where jobs run, and datasets that name no location are. */
  readonly location: string;
  /** A folder that is created; everything stays in memory when absent. Jobs and anonymous result tables always do. */
  readonly path?: string;
  readonly clock: Clock;
}

/**
 * BigQuery on this machine: the service itself, without a wire. Resources have the shapes of the REST API v2; every
 * refusal is a CloudError. https://docs.cloud.google.com/bigquery/docs/reference/rest
 */
export class BigQuery implements Warehouse {
  readonly projectId: string;
  readonly location: string;
  readonly #context: ServiceContext;
  readonly #datasets: Datasets;
  readonly #tables: Tables;

  private constructor(context: ServiceContext) {
    this.projectId = context.projectId;
    this.location = context.location;
    this.#context = context;
    this.#datasets = new Datasets(context);
    this.#tables = new Tables(context);
  }

  /** Throws CloudError FAILED_PRECONDITION when another process, or this one, has the folder open. */
  static async open(options: BigQueryOptions): Promise<BigQuery> {
    const { projectId, location, path, clock } = options;
    const database = await Database.open(path);
    const catalog = await Catalog.load(database);
    const statistics = new Statistics(database);
    return new BigQuery({ projectId, location, clock, database, catalog, statistics });
  }

  /** Throws ALREADY_EXISTS, INVALID_ARGUMENT. */
  insertDataset(dataset: DatasetInput): Promise<DatasetResource> {
    return this.#datasets.insert(dataset);
  }

  /** Throws NOT_FOUND. */
  getDataset(datasetId: string): Promise<DatasetResource> {
    return this.#datasets.get(datasetId);
  }

  /** In the order of their ids. */
  listDatasets(): Promise<DatasetResource[]> {
    return this.#datasets.list();
  }

  /** Changes the properties that are given; null removes one. Throws NOT_FOUND, INVALID_ARGUMENT. */
  patchDataset(datasetId: string, patch: DatasetInput): Promise<DatasetResource> {
    return this.#datasets.patch(datasetId, patch);
  }

  /** Replaces all properties. */
  updateDataset(datasetId: string, dataset: DatasetInput): Promise<DatasetResource> {
    return this.#datasets.update(datasetId, dataset);
  }

  /** Throws NOT_FOUND, and INVALID_ARGUMENT (`resourceInUse`) for a dataset with tables unless `deleteContents`. */
  deleteDataset(datasetId: string, options: { deleteContents?: boolean } = {}): Promise<void> {
    return this.#datasets.delete(datasetId, options);
  }

  /** Throws NOT_FOUND for the dataset, ALREADY_EXISTS, INVALID_ARGUMENT. */
  insertTable(datasetId: string, table: TableInput): Promise<TableResource> {
    return this.#tables.insert(datasetId, table);
  }

  /** Throws NOT_FOUND. */
  getTable(datasetId: string, tableId: string): Promise<TableResource> {
    return this.#tables.get(datasetId, tableId);
  }

  /** Changes the properties that are given; a schema may only grow by optional columns or relax REQUIRED ones. */
  patchTable(datasetId: string, tableId: string, patch: TableInput): Promise<TableResource> {
    return this.#tables.patch(datasetId, tableId, patch);
  }

  /** Replaces all properties, the schema by the same rule as patchTable. */
  updateTable(datasetId: string, tableId: string, table: TableInput): Promise<TableResource> {
    return this.#tables.update(datasetId, tableId, table);
  }

  /** Throws NOT_FOUND. */
  deleteTable(datasetId: string, tableId: string): Promise<void> {
    return this.#tables.delete(datasetId, tableId);
  }

  async tableSchema({ datasetId, tableId, projectId }: TableReference): Promise<readonly Field[]> {
    await this.#tables.dropExpired();
    return this.#context.catalog.table({ projectId, datasetId, tableId }, this.location).fields;
  }

  async appendRows(
    table: TableReference,
    rows: readonly Record<string, unknown>[],
  ): Promise<readonly RowError[]> {
    return appendRows(this.#context, table, rows);
  }

  /** Waits for what runs, and lets go of the folder. */
  async close(): Promise<void> {
    await this.#context.database.close();
  }
}

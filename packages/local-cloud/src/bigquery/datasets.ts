import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import type { Catalog, Dataset } from './catalog.ts';
import type { Database } from './database.ts';
import { datasetNotFound, invalid } from './errors.ts';
import { assertDatasetId } from './names.ts';
import {
  type DatasetInput,
  type DatasetResource,
  datasetProperties,
  datasetResource,
  patched,
  withoutNulls,
} from './resources.ts';
import type { Statistics } from './statistics.ts';

export interface ServiceContext {
  readonly projectId: string;
  /** Location of jobs, and of datasets created without one. */
  readonly location: string;
  readonly clock: Clock;
  readonly database: Database;
  readonly catalog: Catalog;
  readonly statistics: Statistics;
}

/** The `datasets` resource of the REST API. */
export class Datasets {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  async insert(input: DatasetInput): Promise<DatasetResource> {
    const { projectId, location, clock, database, catalog } = this.#context;
    const datasetId = input.datasetReference?.datasetId;
    assertDatasetId(datasetId);
    const now = clock.now();
    const dataset: Dataset = {
      datasetId,
      location: input.location || location,
      properties: withoutNulls(datasetProperties(input)),
      creationTime: now,
      lastModifiedTime: now,
    };
    await database.write(async (transaction) => {
      if (catalog.findDataset(datasetId)) {
        throw new CloudError('ALREADY_EXISTS', `Already Exists: Dataset ${projectId}:${datasetId}`);
      }
      await catalog.putDataset(transaction, dataset);
    });
    return datasetResource(projectId, dataset);
  }

  async get(datasetId: string): Promise<DatasetResource> {
    return datasetResource(this.#context.projectId, this.#find(datasetId));
  }

  async list(): Promise<DatasetResource[]> {
    return this.#context.catalog
      .datasets()
      .map((dataset) => datasetResource(this.#context.projectId, dataset));
  }

  patch(datasetId: string, patch: DatasetInput): Promise<DatasetResource> {
    return this.#change(datasetId, patch, (current, next) => patched(current, next));
  }

  update(datasetId: string, input: DatasetInput): Promise<DatasetResource> {
    return this.#change(datasetId, input, (_, next) => withoutNulls(next));
  }

  async #change(
    datasetId: string,
    input: DatasetInput,
    merge: (current: Dataset['properties'], next: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<DatasetResource> {
    const { projectId, clock, database, catalog } = this.#context;
    const properties = datasetProperties(input);
    return database.write(async (transaction) => {
      const current = this.#find(datasetId);
      if (input.location && input.location.toLowerCase() !== current.location.toLowerCase()) {
        throw invalid(
          `Cannot change the location of dataset ${projectId}:${datasetId} from ${current.location} to ${input.location}`,
        );
      }
      const dataset = {
        ...current,
        properties: merge(current.properties, properties),
        lastModifiedTime: clock.now(),
      };
      await catalog.putDataset(transaction, dataset);
      return datasetResource(projectId, dataset);
    });
  }

  async delete(datasetId: string, { deleteContents = false } = {}): Promise<void> {
    const { projectId, database, catalog, statistics } = this.#context;
    await database.write(async (transaction) => {
      this.#find(datasetId);
      const tables = catalog.tables(datasetId);
      if (tables.length > 0 && !deleteContents) {
        throw new CloudError('INVALID_ARGUMENT', `Dataset ${projectId}:${datasetId} is still in use`, {
          reason: 'resourceInUse',
        });
      }
      await catalog.dropDataset(transaction, datasetId);
      for (const table of tables) {
        const bytes = statistics.knownBytes(table);
        transaction.afterCommit(() => {
          statistics.invalidate(table);
          database.droppedTable(bytes);
        });
      }
    });
  }

  #find(datasetId: string): Dataset {
    const { catalog, projectId, location } = this.#context;
    const dataset = catalog.findDataset(datasetId);
    if (!dataset) throw datasetNotFound(projectId, datasetId, location);
    return dataset;
  }
}

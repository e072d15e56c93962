import type { Access } from '../callers.ts';
import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import type { Iam } from '../iam.ts';
import type { TableReference } from '../warehouse.ts';
import { datasetResource as datasetResourceName } from './access.ts';
import type { Catalog, Dataset, Table } from './catalog.ts';
import type { Database, Transaction } from './database.ts';
import {
  DEFAULT_ACCESS,
  forgetAccess,
  forgetViews,
  grantedAccess,
  ownGrants,
  setAccess,
  specialAccess,
  withoutViews,
  withView,
} from './dataset-access.ts';
import { datasetNotFound, invalid } from './errors.ts';
import { hasHistory, keepDropped, restoreDropped } from './history.ts';
import { checkedLocation } from './locations.ts';
import { assertDatasetId, assertSameReference } from './names.ts';
import {
  type AccessEntry,
  type DatasetInput,
  type DatasetResource,
  datasetProperties,
  datasetResource,
  type Precondition,
  patched,
  withoutNulls,
} from './resources.ts';
import type { Statistics } from './statistics.ts';
import { kindOf } from './table-kind.ts';

export interface ServiceContext {
  readonly projectId: string;
  readonly projectNumber: string;
  /** Location of jobs, and of datasets created without one. */
  readonly location: string;
  readonly clock: Clock;
  readonly database: Database;
  readonly catalog: Catalog;
  readonly statistics: Statistics;
  readonly iam: Iam;
}

/** The `datasets` resource of the REST API. */
export class Datasets {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  async insert(access: Access, input: DatasetInput): Promise<DatasetResource> {
    const { projectId, location, clock, database, catalog, iam } = this.#context;
    const datasetId = input.datasetReference?.datasetId;
    assertDatasetId(datasetId);
    assertSameReference(input.datasetReference, { projectId });
    const now = clock.now();
    const dataset: Dataset = {
      datasetId,
      location: input.location ? checkedLocation(input.location) : location,
      properties: {
        ...withoutNulls(datasetProperties(input)),
        ...specialAccess(input.access ?? DEFAULT_ACCESS),
      },
      creationTime: now,
      lastModifiedTime: now,
    };
    await database.write(async (transaction) => {
      if (catalog.findDataset(datasetId)) {
        throw new CloudError('ALREADY_EXISTS', `Already Exists: Dataset ${projectId}:${datasetId}`);
      }
      await catalog.putDataset(transaction, dataset);
      const creator = access.member ? [{ role: 'OWNER', iamMember: access.member }] : [];
      // A Pulumi program may have granted something before.
      if (input.access || access.member)
        setAccess(iam, datasetResourceName(projectId, datasetId), input.access ?? creator);
    });
    return this.#resource(dataset);
  }

  async get(datasetId: string): Promise<DatasetResource> {
    return this.#resource(this.#find(datasetId));
  }

  async list(): Promise<DatasetResource[]> {
    return this.#context.catalog.datasets().map((dataset) => this.#resource(dataset));
  }

  patch(datasetId: string, patch: DatasetInput, ifMatch?: Precondition): Promise<DatasetResource> {
    return this.#change(datasetId, patch, (current, next) => patched(current, next), ifMatch);
  }

  update(datasetId: string, input: DatasetInput, ifMatch?: Precondition): Promise<DatasetResource> {
    return this.#change(datasetId, input, ({ access }, next) => withoutNulls({ access, ...next }), ifMatch);
  }

  async #change(
    datasetId: string,
    input: DatasetInput,
    merge: (current: Dataset['properties'], next: Record<string, unknown>) => Record<string, unknown>,
    ifMatch: Precondition | undefined,
  ): Promise<DatasetResource> {
    const { projectId, clock, database, catalog, iam } = this.#context;
    const { access } = input;
    assertSameReference(input.datasetReference, { projectId, datasetId });
    const properties = { ...datasetProperties(input), ...(access && specialAccess(access)) };
    return database.write(async (transaction) => {
      const current = this.#find(datasetId);
      ifMatch?.(this.#resource(current).etag);
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
      if (access) setAccess(iam, datasetResourceName(projectId, datasetId), access);
      return this.#resource(dataset);
    });
  }

  /** Adds a view to the access list, or removes it. Throws NOT_FOUND. */
  async authorizeView(datasetId: string, view: TableReference, isAuthorized: boolean): Promise<void> {
    const { clock, database, catalog } = this.#context;
    await database.write(async (transaction) => {
      const current = this.#find(datasetId);
      const entries = (current.properties.access as readonly AccessEntry[] | undefined) ?? DEFAULT_ACCESS;
      const properties = { ...current.properties, access: withView(entries, view, isAuthorized) };
      await catalog.putDataset(transaction, { ...current, properties, lastModifiedTime: clock.now() });
    });
  }

  #resource(dataset: Dataset): DatasetResource {
    const { projectId, iam } = this.#context;
    const granted = grantedAccess(iam, datasetResourceName(projectId, dataset.datasetId));
    return datasetResource(projectId, dataset, granted);
  }

  async delete(
    datasetId: string,
    { deleteContents = false }: { readonly deleteContents?: boolean | undefined } = {},
    ifMatch?: Precondition,
  ): Promise<void> {
    const { projectId, database, catalog, statistics, iam } = this.#context;
    await database.write(async (transaction) => {
      ifMatch?.(this.#resource(this.#find(datasetId)).etag);
      const tables = catalog.tables(datasetId);
      const isUsed = tables.length > 0 || catalog.routines.of(datasetId).length > 0;
      if (isUsed && !deleteContents) {
        throw new CloudError('INVALID_ARGUMENT', `Dataset ${projectId}:${datasetId} is still in use`, {
          reason: 'resourceInUse',
        });
      }
      const views = tables.filter((table) => kindOf(table) === 'VIEW');
      await this.#keep(transaction, datasetId, views);
      await forgetViews(transaction, views, this.#context);
      for (const table of tables) {
        if (hasHistory(table)) {
          await catalog.forgetTable(transaction, table);
          await keepDropped(transaction, table, this.#context);
          continue;
        }
        await catalog.dropTable(transaction, table);
        const bytes = statistics.knownBytes(table);
        transaction.afterCommit(() => {
          statistics.invalidate(table);
          database.droppedTable(bytes);
        });
      }
      await catalog.dropDataset(transaction, datasetId);
      transaction.afterCommit(() => forgetAccess(iam, datasetResourceName(projectId, datasetId)));
    });
  }

  async #keep(transaction: Transaction, datasetId: string, views: readonly Table[]): Promise<void> {
    const { projectId, catalog, clock, iam } = this.#context;
    const tables = catalog.tables(datasetId);
    await catalog.deleted.keep(transaction, {
      dataset: withoutViews(this.#find(datasetId), views),
      deletionTime: clock.now(),
      tables: tables.filter(hasHistory),
      views,
      routines: catalog.routines.of(datasetId),
      grants: ownGrants(iam, datasetResourceName(projectId, datasetId)),
    });
  }

  /**
   * Restores a dataset with its tables, views, functions and grants. `deletionTime` names one of several that had the id; the
   * last one is restored without it. Throws NOT_FOUND, ALREADY_EXISTS, and FAILED_PRECONDITION when rows are not kept any more.
   */
  async undelete(datasetId: string, deletionTime?: string): Promise<DatasetResource> {
    const { projectId, clock, database, catalog, iam } = this.#context;
    // `bq` leaves the zone out.
    const zone = /(?:Z|[+-]\d\d:\d\d)$/i.test(deletionTime ?? '') ? '' : 'Z';
    const time = deletionTime ? Date.parse(`${deletionTime}${zone}`) : undefined;
    if (Number.isNaN(time)) {
      throw invalid(
        `Invalid value for deletionTime: ${deletionTime}; it must be a time such as 2026-01-31T12:00:00Z`,
      );
    }
    await database.write(async (transaction) => {
      if (catalog.findDataset(datasetId)) {
        throw new CloudError('ALREADY_EXISTS', `Already Exists: Dataset ${projectId}:${datasetId}`);
      }
      const deleted = catalog.deleted.find(datasetId, clock.now(), time);
      if (!deleted) throw datasetNotFound(projectId, datasetId);
      const dataset = { ...deleted.dataset, lastModifiedTime: clock.now() };
      await catalog.putDataset(transaction, dataset);
      for (const table of deleted.tables) await restoreDropped(transaction, table, this.#context);
      for (const view of deleted.views) await catalog.createTable(transaction, view);
      for (const routine of deleted.routines) await catalog.routines.put(transaction, routine);
      await catalog.deleted.forget(transaction, deleted);
      transaction.afterCommit(() => iam.restore(deleted.grants));
    });
    return this.get(datasetId);
  }

  #find(datasetId: string): Dataset {
    const { catalog, projectId } = this.#context;
    const dataset = catalog.findDataset(datasetId);
    if (!dataset) throw datasetNotFound(projectId, datasetId);
    return dataset;
  }
}

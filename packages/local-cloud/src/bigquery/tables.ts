import { CloudError } from '../errors.ts';
import { tableResource as tableResourceName } from './access.ts';
import { alteredSchema } from './altered-schema.ts';
import { nextModification, type Table } from './catalog.ts';
import type { Transaction } from './database.ts';
import { moveAccess } from './dataset-access.ts';
import type { ServiceContext } from './datasets.ts';
import { datasetNotFound, invalid, tableName } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import { hasHistory, keepCopy } from './history.ts';
import { assertSameReference, assertTableId } from './names.ts';
import {
  type Precondition,
  patched,
  type TableInput,
  type TableResource,
  tableProperties,
  tableResource,
  withoutNulls,
} from './resources.ts';
import { parseFields, schemaChange } from './schema.ts';
import type { TableAlteration } from './sql/translate-ddl.ts';
import type { TableStatistics } from './statistics.ts';
import { kindOf } from './table-kind.ts';
import { checkLayout, partitioningOf } from './table-layout.ts';
import type { Field } from './types.ts';

/** The `tables` resource of the REST API. */
export class Tables {
  readonly #context: ServiceContext;
  readonly #expiring: ExpiringTables;

  constructor(context: ServiceContext, expiring: ExpiringTables) {
    this.#context = context;
    this.#expiring = expiring;
  }

  /** The table as it is now. Throws NOT_FOUND. */
  find(datasetId: string, tableId: string): Table {
    const { catalog, projectId } = this.#context;
    return catalog.table({ projectId, datasetId, tableId });
  }

  async insert(datasetId: string, input: TableInput): Promise<TableResource> {
    const tableId = input.tableReference?.tableId;
    assertTableId(tableId);
    assertSameReference({ ...input.tableReference }, { projectId: this.#context.projectId, datasetId });
    const fields = parseFields(input.schema?.fields);
    const properties = withoutNulls(tableProperties(input));
    await this.#expiring.dropExpired();
    const table = await this.#context.database.write((transaction) =>
      this.create(transaction, datasetId, tableId, fields, properties),
    );
    await this.#expiring.dropExcess(table.reference);
    return this.#resource(table);
  }

  /**
   * Creates a table inside a transaction. `staged` is a physical table that already has the rows. Throws NOT_FOUND for
   * the dataset, ALREADY_EXISTS.
   */
  async create(
    transaction: Transaction,
    datasetId: string,
    tableId: string,
    fields: readonly Field[],
    properties: Readonly<Record<string, unknown>>,
    staged?: string,
  ): Promise<Table> {
    const { projectId, clock, catalog } = this.#context;
    assertTableId(tableId);
    checkLayout(properties, fields);
    const dataset = catalog.findDataset(datasetId);
    if (!dataset) throw datasetNotFound(projectId, datasetId);
    const reference = { projectId, datasetId, tableId };
    if (catalog.findTable(datasetId, tableId)) {
      throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
    }
    const now = clock.now();
    const lifetime = dataset.properties.defaultTableExpirationMs;
    const expiration = lifetime ? { expirationTime: String(now + Number(lifetime)) } : {};
    const table = { reference, fields, properties: { ...expiration, ...properties } };
    return this.#createWatched(transaction, { ...table, creationTime: now, lastModifiedTime: now }, staged);
  }

  /** Replaces a table by a new one, inside a transaction. */
  async replace(
    transaction: Transaction,
    existing: Table,
    fields: readonly Field[],
    properties: Table['properties'],
    staged?: string,
  ): Promise<Table> {
    checkLayout(properties, fields);
    if (!hasHistory(existing)) await this.#lose(transaction, existing);
    await this.#expiring.discard(transaction, existing);
    const lastModifiedTime = nextModification(existing, this.#context.clock.now());
    const table = { ...existing, fields, properties, lastModifiedTime };
    return this.#createWatched(transaction, table, staged);
  }

  async #lose(transaction: Transaction, table: Table): Promise<void> {
    const { catalog, clock } = this.#context;
    await catalog.versions.lose(transaction, table, nextModification(table, clock.now()));
  }

  async #createWatched(
    transaction: Transaction,
    table: Omit<Table, 'physicalName'>,
    staged: string | undefined,
  ): Promise<Table> {
    const created = await this.#context.catalog.createTable(transaction, table, staged);
    // After the catalog has the table.
    transaction.afterCommit(() => this.#expiring.watch());
    return created;
  }

  async get(datasetId: string, tableId: string): Promise<TableResource> {
    await this.#expiring.dropExpired();
    return this.#resource(this.find(datasetId, tableId));
  }

  /** The tables of a dataset, ordered by id. */
  async list(datasetId: string): Promise<Table[]> {
    await this.#expiring.dropExpired();
    const { catalog, projectId } = this.#context;
    if (!catalog.findDataset(datasetId)) throw datasetNotFound(projectId, datasetId);
    return catalog.tables(datasetId);
  }

  patch(
    datasetId: string,
    tableId: string,
    patch: TableInput,
    ifMatch?: Precondition,
  ): Promise<TableResource> {
    return this.#change(datasetId, tableId, patch, (current, next) => patched(current, next), ifMatch);
  }

  update(
    datasetId: string,
    tableId: string,
    input: TableInput,
    ifMatch?: Precondition,
  ): Promise<TableResource> {
    return this.#change(datasetId, tableId, input, (_, next) => withoutNulls(next), ifMatch);
  }

  async #change(
    datasetId: string,
    tableId: string,
    input: TableInput,
    merge: (current: Table['properties'], next: Record<string, unknown>) => Record<string, unknown>,
    ifMatch: Precondition | undefined,
  ): Promise<TableResource> {
    const { clock, database, catalog, statistics, projectId } = this.#context;
    assertSameReference({ ...input.tableReference }, { projectId, datasetId, tableId });
    const given = tableProperties(input);
    const nextFields = input.schema ? parseFields(input.schema.fields) : undefined;
    await this.#expiring.dropExpired();
    const table = await database.write(async (transaction) => {
      const current = this.find(datasetId, tableId);
      if (ifMatch) await this.#demand(ifMatch, transaction, current);
      if (kindOf(current) === 'VIEW' && nextFields && given.view) {
        return this.replace(transaction, current, nextFields, merge(current.properties, given));
      }
      if (given.view)
        throw invalid(`Cannot make a view of the table ${tableName(current.reference)}: delete it first`);
      const change = nextFields && schemaChange(tableName(current.reference), current.fields, nextFields);
      const fields = nextFields ? mergedFields(current.fields, nextFields) : current.fields;
      const properties = merge(current.properties, given);
      if (partitioningOf(properties) !== partitioningOf(current.properties)) {
        throw invalid(`Cannot change partitioning spec for table ${tableName(current.reference)}`);
      }
      checkLayout(properties, fields);
      const lastModifiedTime = nextModification(current, clock.now());
      const next = { ...current, fields, properties, lastModifiedTime };
      await catalog.updateTable(transaction, next, change);
      transaction.afterCommit(() => {
        statistics.invalidate(next);
        this.#expiring.watch();
      });
      return next;
    });
    await this.#expiring.dropExcess(table.reference);
    return this.#resource(table);
  }

  /** ALTER TABLE, inside a transaction. `values` are the properties that each change sets. */
  async alter(
    transaction: Transaction,
    table: Table,
    changes: readonly TableAlteration[],
    values: readonly Readonly<Record<string, unknown>>[],
  ): Promise<void> {
    const { catalog, clock, statistics, iam } = this.#context;
    const renamed = changes.find(({ change }) => change === 'RENAME TO');
    if (renamed?.change === 'RENAME TO') {
      if (changes.length > 1) throw invalid('RENAME TO cannot be combined with other changes of the table');
      assertTableId(renamed.to);
      const reference = { ...table.reference, tableId: renamed.to };
      if (catalog.findTable(reference.datasetId, renamed.to)) {
        throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
      }
      transaction.afterCommit(() =>
        moveAccess(iam, tableResourceName(table.reference), tableResourceName(reference)),
      );
      return catalog.renameTable(transaction, table, renamed.to);
    }
    const properties = values.reduce(patched, table.properties);
    const { fields, change } = alteredSchema(table, changes);
    checkLayout(properties, fields);
    if (change.dropped?.length || change.renamed?.length) await keepCopy(transaction, table, this.#context);
    const lastModifiedTime = nextModification(table, clock.now());
    const next = { ...table, fields, properties, lastModifiedTime };
    await catalog.updateTable(transaction, next, change);
    transaction.afterCommit(() => {
      statistics.invalidate(next);
      this.#expiring.watch();
    });
  }

  async delete(datasetId: string, tableId: string, ifMatch?: Precondition): Promise<void> {
    await this.#expiring.dropExpired();
    await this.#context.database.write(async (transaction) => {
      const table = this.find(datasetId, tableId);
      if (ifMatch) await this.#demand(ifMatch, transaction, table);
      await this.#expiring.drop(transaction, table);
    });
  }

  /** Throws FAILED_PRECONDITION when the table is not in the state that the caller knows. */
  async #demand(ifMatch: Precondition, { connection }: Transaction, table: Table): Promise<void> {
    const statistics = await this.#context.statistics.count(connection, table);
    ifMatch(this.#resourceOf(table, statistics).etag);
  }

  async #resource(table: Table): Promise<TableResource> {
    return this.#resourceOf(table, await this.#context.statistics.of(table));
  }

  #resourceOf(table: Table, statistics: TableStatistics): TableResource {
    const { catalog, location } = this.#context;
    return tableResource(
      table,
      catalog.findDataset(table.reference.datasetId)?.location ?? location,
      statistics,
    );
  }
}

/** Columns keep their order; new ones come last. */
function mergedFields(current: readonly Field[], next: readonly Field[]): Field[] {
  const names = new Set(current.map(({ name }) => name.toLowerCase()));
  const byName = new Map(next.map((field) => [field.name.toLowerCase(), field]));
  return [
    ...current.map((field) => ({ ...(byName.get(field.name.toLowerCase()) ?? field), name: field.name })),
    ...next.filter(({ name }) => !names.has(name.toLowerCase())),
  ];
}

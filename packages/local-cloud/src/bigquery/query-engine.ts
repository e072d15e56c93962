import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { requireOnDataset, requireOnTable } from './access.ts';
import { appendedBytes } from './appends.ts';
import { assertBilledWithin, type Bytes, bytesOf } from './billing.ts';
import { physicalSql, type Table } from './catalog.ts';
import { readRows, type Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import { queryError } from './duckdb-errors.ts';
import { datasetNotFound, invalid, tableName, tableNotFound } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import type { QueryConfiguration } from './job-configuration.ts';
import { assertFieldName, quoteIdentifier } from './names.ts';
import { runPrepared } from './prepared.ts';
import { type ResultInfo, type Results, SMALL_ROWS } from './results.ts';
import { Bindings } from './sql/bindings.ts';
import { StoredTables } from './sql/stored-tables.ts';
import { type Translation, translate } from './sql/translate.ts';
import { checkClustering, type Tables } from './tables.ts';
import type { Field } from './types.ts';

/** A query that is translated and authorized. */
export interface Plan {
  readonly configuration: QueryConfiguration;
  readonly translation: Translation;
  readonly bindings: Bindings;
  readonly bytes: Bytes;
  readonly referencedTables: readonly TableReference[];
  /** The account that may read the result; undefined for the developer. */
  readonly owner: string | undefined;
}

/** The caller and the location of a query. */
interface QueryContext {
  readonly access: Access;
  readonly location: string;
  readonly locationIsFixed: boolean;
}

/** What a query produced. */
export interface Outcome {
  /** The rows of a SELECT without a destination table. */
  readonly result?: ResultInfo;
  /** The table that holds the rows, when the query names one. */
  readonly destination?: TableReference;
  /** Rows changed by INSERT, UPDATE, DELETE or TRUNCATE. */
  readonly affectedRows?: number;
}

/** A physical table with the rows of a query, which no table of the catalog has yet. */
type StagedTable = Pick<Table, 'physicalName' | 'fields'>;

export class QueryEngine {
  readonly #context: ServiceContext;
  readonly #tables: Tables;
  readonly #expiring: ExpiringTables;
  readonly #results: Results;
  #lastStaged: Promise<unknown> = Promise.resolve();

  constructor(context: ServiceContext, tables: Tables, expiring: ExpiringTables, results: Results) {
    this.#context = context;
    this.#tables = tables;
    this.#expiring = expiring;
    this.#results = results;
  }

  /** Throws `invalidQuery`, `notFound`, `accessDenied`, `bytesBilledLimitExceeded`. */
  async plan(configuration: QueryConfiguration, job: QueryContext): Promise<Plan> {
    const { access, location, locationIsFixed } = job;
    await this.#expiring.dropExpired();
    const { catalog, projectId, clock, statistics } = this.#context;
    const tables = new StoredTables(catalog, {
      projectId,
      location,
      locationIsFixed,
      defaultDataset: configuration.defaultDataset,
      access,
    });
    const bindings = new Bindings(configuration.parameters);
    const translation = translate(configuration.query, bindings, clock.now(), tables);
    this.#authorize(access, translation, configuration.destinationTable);
    const bytes = await bytesOf(translation.reads, (read) =>
      read.range
        ? appendedBytes(read, read.range, bindings, this.#context)
        : statistics.of(read.table).then(({ columnBytes }) => columnBytes),
    );
    if (!configuration.dryRun) assertBilledWithin(bytes, configuration.maximumBytesBilled);
    for (const { table } of tables.found) this.#expiring.read(table);
    const referencedTables = [...new Set(tables.found.map(({ table }) => table.reference))];
    return { configuration, translation, bindings, bytes, referencedTables, owner: access.member };
  }

  /** Checks the permission to write. StoredTables checks the permission to read. */
  #authorize(access: Access, translation: Translation, destination: TableReference | undefined): void {
    switch (translation.kind) {
      case 'query':
        if (destination) this.#authorizeTable(access, destination, true);
        break;
      case 'dml':
        requireOnTable(access, 'bigquery.tables.updateData', translation.table.reference);
        break;
      case 'create':
        this.#authorizeTable(access, translation.reference, translation.orReplace);
        break;
      case 'drop':
        requireOnTable(access, 'bigquery.tables.delete', translation.reference);
    }
  }

  #authorizeTable(access: Access, reference: TableReference, overwrites: boolean): void {
    const { projectId, datasetId, tableId } = reference;
    const exists = this.#context.catalog.findTable(datasetId, tableId) !== undefined;
    if (!exists) requireOnDataset(access, 'bigquery.tables.create', projectId, datasetId);
    else if (overwrites) requireOnTable(access, 'bigquery.tables.updateData', reference);
  }

  async execute(plan: Plan, signal: AbortSignal): Promise<Outcome> {
    try {
      const outcome = await this.#execute(plan, signal);
      const written =
        plan.translation.kind === 'dml' ? plan.translation.table.reference : outcome.destination;
      if (written) await this.#expiring.dropExcess(written);
      return outcome;
    } catch (error) {
      throw queryError(error);
    }
  }

  async #execute(plan: Plan, signal: AbortSignal): Promise<Outcome> {
    const { translation, bindings, configuration, owner } = plan;
    const { database } = this.#context;
    switch (translation.kind) {
      case 'query': {
        const { sql, fields } = translation;
        if (configuration.destinationTable) {
          return this.#intoTable(plan, configuration.destinationTable, { sql, fields }, signal);
        }
        const mayBeLarge = await this.#readsManyRows(translation);
        return { result: await this.#results.run({ sql, bindings, fields, mayBeLarge, owner, signal }) };
      }
      case 'dml':
        return database.write(async (transaction) => {
          await this.#recordChange(transaction, translation.table);
          const affectedRows = await runPrepared(transaction.connection, translation.sql, bindings);
          return { affectedRows };
        });
      case 'create':
        return this.#create(plan, translation);
      case 'drop':
        return this.#drop(translation);
    }
  }

  /** Whether the query reads enough rows to store its result in a table from the start. */
  async #readsManyRows({ reads }: Translation): Promise<boolean> {
    const statistics = await Promise.all(reads.map(({ table }) => this.#context.statistics.of(table)));
    return statistics.some(({ rows }) => rows > SMALL_ROWS * 4);
  }

  /** Records a change of rows, before it is made. The description of the `planned` table may have changed since planning. */
  async #recordChange(transaction: Transaction, planned: Table): Promise<void> {
    const { catalog, clock, statistics, location } = this.#context;
    const table = catalog.table(planned.reference, location);
    await catalog.touchTable(transaction, table, clock.now());
    transaction.afterCommit(() => statistics.invalidate(table));
  }

  async #create(plan: Plan, translation: Extract<Translation, { kind: 'create' }>): Promise<Outcome> {
    const { reference, fields, properties, sql } = translation;
    const { datasetId, tableId } = this.#inProject(reference);
    return this.#context.database.write(async (transaction) => {
      const existing = this.#context.catalog.findTable(datasetId, tableId);
      if (existing && translation.ifNotExists) return {};
      if (existing && !translation.orReplace) {
        throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
      }
      const table = existing
        ? await this.#tables.replace(transaction, existing, fields, properties)
        : await this.#tables.create(transaction, datasetId, tableId, fields, properties);
      if (sql) await insertQuery(transaction.connection, table, sql, plan.bindings);
      return { destination: reference };
    });
  }

  async #drop({ reference, ifExists }: Extract<Translation, { kind: 'drop' }>): Promise<Outcome> {
    const { datasetId, tableId } = this.#inProject(reference);
    return this.#context.database.write(async (transaction) => {
      const table = this.#context.catalog.findTable(datasetId, tableId);
      if (!table && ifExists) return {};
      if (!table) throw tableNotFound(reference, this.#context.location);
      await this.#expiring.drop(transaction, table);
      return {};
    });
  }

  /** SELECT with a destination table. https://docs.cloud.google.com/bigquery/docs/writing-results */
  async #intoTable(
    plan: Plan,
    reference: TableReference,
    { sql, fields }: { readonly sql: string; readonly fields: readonly Field[] },
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { configuration, bindings } = plan;
    const { datasetId, tableId } = this.#inProject(reference);
    for (const { name } of fields) assertFieldName(name);
    const { clustering, writeDisposition } = configuration;
    const properties = clustering ? { clustering } : {};
    checkClustering(properties, fields);
    const { database, catalog, location } = this.#context;
    const existing = await database.read((connection) =>
      this.#writable(connection, configuration, reference),
    );
    if (existing && writeDisposition === 'WRITE_APPEND') {
      return database.write(async (transaction) => {
        const table = catalog.table(reference, location);
        assertSameColumns(table, fields);
        await this.#recordChange(transaction, table);
        await insertQuery(transaction.connection, table, sql, bindings, fields);
        return { destination: reference };
      });
    }
    const staged = { physicalName: catalog.newPhysicalName(), fields };
    try {
      // Beside other writes, which would otherwise wait for the query.
      await this.#alone(() =>
        database.read((connection) => this.#stage(connection, staged, sql, bindings), signal),
      );
      return await database.write(async (transaction) => {
        const current = await this.#writable(transaction.connection, configuration, reference);
        if (current) {
          const all = { ...current.properties, ...properties };
          await this.#tables.replace(transaction, current, fields, all, staged.physicalName);
        } else {
          await this.#tables.create(transaction, datasetId, tableId, fields, properties, staged.physicalName);
        }
        return { destination: reference };
      });
    } catch (error) {
      this.#context.statistics.invalidate(staged);
      database.drop({ schema: 'data', name: staged.physicalName }, 0);
      throw error;
    }
  }

  /** The table that a query may write to; undefined when the query creates it. Throws NOT_FOUND, ALREADY_EXISTS. */
  async #writable(
    connection: Transaction['connection'],
    { createIfNeeded, writeDisposition }: QueryConfiguration,
    reference: TableReference,
  ): Promise<Table | undefined> {
    const { catalog, location } = this.#context;
    const { projectId, datasetId, tableId } = reference;
    if (!catalog.findDataset(datasetId)) throw datasetNotFound(projectId, datasetId, location);
    const existing = catalog.findTable(datasetId, tableId);
    if (!existing && !createIfNeeded) throw tableNotFound(reference, location);
    if (existing && writeDisposition === 'WRITE_EMPTY' && !(await isEmpty(connection, existing))) {
      throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
    }
    return existing;
  }

  /** One at a time: each may order millions of rows, and together they would need more memory than there is. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastStaged.then(work);
    this.#lastStaged = result.catch(() => undefined);
    return await result;
  }

  async #stage(
    connection: Transaction['connection'],
    staged: StagedTable,
    sql: string,
    bindings: Bindings,
  ): Promise<void> {
    const { catalog, clock, statistics } = this.#context;
    await catalog.stageTable(connection, staged, clock.now());
    await insertQuery(connection, staged, sql, bindings);
    await statistics.count(connection, staged);
  }

  #inProject(reference: TableReference): TableReference {
    const { projectId, location } = this.#context;
    if (reference.projectId === projectId) return reference;
    throw datasetNotFound(reference.projectId, reference.datasetId, location);
  }
}

async function insertQuery(
  connection: Transaction['connection'],
  table: StagedTable,
  sql: string,
  bindings: Bindings,
  fields: readonly Field[] = table.fields,
): Promise<void> {
  const names = fields.map(({ name }) => quoteIdentifier(name)).join(', ');
  // BigQuery stores a NULL array as an empty one.
  const values = fields.map(({ mode }, index) =>
    mode === 'REPEATED' ? `coalesce(c${index}, [])` : `c${index}`,
  );
  const hasArrays = fields.some(({ mode }) => mode === 'REPEATED');
  const rows = hasArrays ? `SELECT ${values.join(', ')} FROM (${sql})` : sql;
  await runPrepared(connection, `INSERT INTO ${physicalSql(table)} (${names}) ${rows}`, bindings);
}

async function isEmpty(connection: Transaction['connection'], table: Table): Promise<boolean> {
  const rows = await readRows(connection, `SELECT 1 FROM ${physicalSql(table)} LIMIT 1`);
  return rows.length === 0;
}

function assertSameColumns(table: Table, fields: readonly Field[]): void {
  for (const field of fields) {
    const column = table.fields.find(({ name }) => name.toLowerCase() === field.name.toLowerCase());
    const same =
      column && column.type === field.type && (column.mode === 'REPEATED') === (field.mode === 'REPEATED');
    if (same) continue;
    throw invalid(
      `Provided Schema does not match Table ${tableName(table.reference)}. Field ${field.name} ${column ? 'has changed type' : 'is not in the table'}`,
    );
  }
}

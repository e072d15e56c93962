import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { requireOnDataset, requireOnTable } from './access.ts';
import { physicalSql, type Table } from './catalog.ts';
import { readRows, type Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import { queryError } from './duckdb-errors.ts';
import { datasetNotFound, tableName, tableNotFound } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import type { Destination } from './job-configuration.ts';
import { assertFieldName, quoteColumn } from './names.ts';
import {
  assertOptional,
  changedFields,
  mismatch,
  modeOf,
  type SchemaChange,
  typeMismatch,
} from './schema.ts';
import { assertWritable } from './table-kind.ts';
import { checkLayout } from './table-layout.ts';
import type { Tables } from './tables.ts';
import { fittedSql } from './type-parameters.ts';
import { type Field, sameType, typeOfField } from './types.ts';

/** A physical table with the rows of a job, which no table of the catalog has yet. */
export type StagedTable = Pick<Table, 'physicalName' | 'fields'>;

/** The rows that a job writes. */
interface RowsToWrite {
  readonly destination: Destination;
  readonly fields: readonly Field[];
  /** Properties of the table, apart from its columns. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Location of the job, for messages. */
  readonly location: string;
  readonly signal: AbortSignal;
  fill(connection: Transaction['connection'], table: StagedTable): Promise<void>;
}

/** Writes the rows of jobs to tables, all or none. https://docs.cloud.google.com/bigquery/docs/writing-results */
export class Destinations {
  readonly #context: ServiceContext;
  readonly #tables: Tables;
  readonly #expiring: ExpiringTables;

  constructor(context: ServiceContext, tables: Tables, expiring: ExpiringTables) {
    this.#context = context;
    this.#tables = tables;
    this.#expiring = expiring;
  }

  /** Throws PERMISSION_DENIED. */
  authorize(access: Access, reference: TableReference, overwrites: boolean): void {
    const { projectId, datasetId, tableId } = reference;
    const exists = this.#context.catalog.findTable(datasetId, tableId) !== undefined;
    if (!exists) requireOnDataset(access, 'bigquery.tables.create', projectId, datasetId);
    else if (overwrites) requireOnTable(access, 'bigquery.tables.updateData', reference);
  }

  /** Throws NOT_FOUND, ALREADY_EXISTS, INVALID_ARGUMENT for columns that do not fit. */
  async write(rows: RowsToWrite): Promise<void> {
    const { destination, fields, properties, signal } = rows;
    for (const { name } of fields) assertFieldName(name);
    checkLayout(properties, fields);
    const { database, catalog, statistics } = this.#context;
    const existing = await database.read((connection) => this.#writable(connection, rows));
    const appends = existing && destination.writeDisposition === 'WRITE_APPEND';
    if (appends) appendedColumns(existing, rows);
    const staged = { physicalName: catalog.newPhysicalName(), fields };
    let isUsed = false;
    try {
      // Beside other writes, which would otherwise wait for the rows.
      await database.build((connection) => this.#stage(connection, staged, rows), signal);
      isUsed = await database.write(async (transaction) => {
        // Another job may have made the table meanwhile.
        const current = await this.#writable(transaction.connection, rows);
        const becomes = !appends && (!current || destination.writeDisposition !== 'WRITE_APPEND');
        if (becomes) await this.#become(transaction, current, staged, rows);
        else await this.#append(transaction, staged, rows);
        return becomes;
      });
    } catch (error) {
      throw queryError(error);
    } finally {
      if (!isUsed) {
        const bytes = statistics.knownBytes(staged);
        statistics.invalidate(staged);
        database.drop({ schema: 'data', name: staged.physicalName }, bytes);
      }
    }
    await this.#expiring.dropExcess(destination.reference);
  }

  async #append(transaction: Transaction, staged: StagedTable, rows: RowsToWrite): Promise<void> {
    const { catalog, clock, statistics } = this.#context;
    const current = catalog.table(rows.destination.reference, rows.location);
    const change = appendedColumns(current, rows);
    const table = { ...current, fields: changedFields(current.fields, change) };
    if (change.added.length + change.relaxed.length > 0)
      await catalog.updateTable(transaction, table, change);
    await catalog.touchTable(transaction, table, clock.now());
    transaction.afterCommit(() => statistics.invalidate(table));
    const names = rows.fields.map(({ name }) => quoteColumn(name)).join(', ');
    const values = rows.fields.map(({ name }) => {
      const column = table.fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
      return column ? fittedSql(column, quoteColumn(name)) : quoteColumn(name);
    });
    await transaction.connection.run(
      `INSERT INTO ${physicalSql(table)} (${names}) SELECT ${values.join(', ')} FROM ${physicalSql(staged)}`,
    );
  }

  /** The staged table becomes the destination. */
  async #become(
    transaction: Transaction,
    current: Table | undefined,
    staged: StagedTable,
    { destination, fields, properties }: RowsToWrite,
  ): Promise<void> {
    const { datasetId, tableId } = destination.reference;
    if (current) {
      const all = { ...current.properties, ...properties };
      await this.#tables.replace(transaction, current, fields, all, staged.physicalName);
    } else {
      await this.#tables.create(transaction, datasetId, tableId, fields, properties, staged.physicalName);
    }
  }

  /** The table that a job may write to; undefined when the job creates it. Throws NOT_FOUND, ALREADY_EXISTS. */
  async #writable(
    connection: Transaction['connection'],
    { destination, location }: RowsToWrite,
  ): Promise<Table | undefined> {
    const { catalog } = this.#context;
    const { reference, createIfNeeded, writeDisposition } = destination;
    const { projectId, datasetId, tableId } = reference;
    if (projectId !== this.#context.projectId || !catalog.findDataset(datasetId)) {
      throw datasetNotFound(projectId, datasetId, location);
    }
    const existing = catalog.findTable(datasetId, tableId);
    if (!existing && !createIfNeeded) throw tableNotFound(reference, location);
    if (existing) assertWritable(existing);
    if (existing && writeDisposition === 'WRITE_EMPTY' && !(await isEmpty(connection, existing))) {
      throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
    }
    return existing;
  }

  async #stage(connection: Transaction['connection'], staged: StagedTable, rows: RowsToWrite): Promise<void> {
    const { catalog, clock, statistics } = this.#context;
    await catalog.stageTable(connection, staged, clock.now());
    await rows.fill(connection, staged);
    await statistics.count(connection, staged);
  }
}

async function isEmpty(connection: Transaction['connection'], table: Table): Promise<boolean> {
  const rows = await readRows(connection, `SELECT 1 FROM ${physicalSql(table)} LIMIT 1`);
  return rows.length === 0;
}

/**
 * The changes of the table that the job asked for in order to append its rows. Throws INVALID_ARGUMENT for any other.
 * https://docs.cloud.google.com/bigquery/docs/managing-table-schemas
 */
function appendedColumns(table: Table, { fields, destination }: RowsToWrite): SchemaChange {
  const may = (option: (typeof destination.schemaUpdates)[number]) =>
    destination.schemaUpdates.includes(option);
  const name = tableName(table.reference);
  const added: Field[] = [];
  const relaxed: string[] = [];
  for (const field of fields) {
    const column = table.fields.find((other) => other.name.toLowerCase() === field.name.toLowerCase());
    if (!column) added.push(field);
    else if ((column.mode === 'REPEATED') !== (field.mode === 'REPEATED')) {
      throw mismatch(name, `Field ${field.name} has changed mode from ${modeOf(column)} to ${modeOf(field)}`);
    } else if (!sameType(typeOfField(column), typeOfField(field))) throw typeMismatch(name, column, field);
    else if (column.mode === 'REQUIRED' && field.mode !== 'REQUIRED' && may('ALLOW_FIELD_RELAXATION')) {
      relaxed.push(column.name);
    }
  }
  const [first] = added;
  if (first && !may('ALLOW_FIELD_ADDITION')) throw mismatch(name, `Cannot add fields (field: ${first.name})`);
  assertOptional(name, added);
  return { added, relaxed };
}

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { physicalSql, setCommitTime, type Table } from './catalog.ts';
import { type ChangedRows, changeRows } from './changes.ts';
import type { Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import type { DdlOutcome } from './definitions.ts';
import { invalidQuery, tableName, tableNotFound, unsupported } from './errors.ts';
import { insertQuery } from './insert-query.ts';
import { COMMIT_TIME, quoteColumn, quoteIdentifier } from './names.ts';
import type { Bindings } from './sql/bindings.ts';
import type { CreateTranslation, DropTranslation } from './sql/translate-ddl.ts';
import type { DmlTranslation } from './sql/translate-dml.ts';
import { assertWritable } from './table-kind.ts';
import type { Tables } from './tables.ts';

/** The commit time of rows that a transaction has not committed: 9999-12-31. Milliseconds since the epoch. */
const UNCOMMITTED = 253_402_214_400_000;
const STAMP = quoteIdentifier(COMMIT_TIME);

/** A table that a transaction changes. */
interface Changed {
  /** As it was when the transaction began. */
  readonly base: Table;
  onlyInserts: boolean;
}

interface OpenTransaction {
  readonly id: string;
  /** The temporary tables before it. */
  readonly temporary: ReadonlyMap<string, Table>;
  /** When each stored table had last changed, by its name in DuckDB. */
  readonly lastModified: ReadonlyMap<string, number>;
  readonly changed: Map<string, Changed>;
}

/**
 * Tables that only one script sees: its temporary tables, and its copies of the tables that its transaction changes. Other queries and
 * writers never wait for a transaction: as at Google, one of two that change the same rows fails when it commits.
 * https://docs.cloud.google.com/bigquery/docs/transactions
 */
export class ScriptTables {
  readonly #context: ServiceContext;
  readonly #tables: Tables;
  /** The hidden dataset of its temporary tables. */
  readonly #datasetId = `_script${randomUUID().replaceAll('-', '')}`;
  #own = new Map<string, Table>();
  #transaction: OpenTransaction | undefined;

  constructor(context: ServiceContext, tables: Tables) {
    this.#context = context;
    this.#tables = tables;
  }

  get transactionId(): string | undefined {
    return this.#transaction?.id;
  }

  /** The temporary table that a name means: `t`, when there is one, or `_SESSION.t`. */
  temporary(parts: readonly string[]): TableReference | undefined {
    const [tableId = '', dataset] = parts.toReversed();
    const reference = this.#temporaryReference(tableId);
    if (parts.length === 2 && dataset?.toUpperCase() === '_SESSION') return reference;
    return parts.length === 1 && this.#own.has(keyOf(reference)) ? reference : undefined;
  }

  /** The name of a temporary table that is to be made. Throws `invalidQuery`. */
  newTemporary(parts: readonly string[]): TableReference {
    const [tableId = '', dataset = '_SESSION', ...rest] = parts.toReversed();
    if (dataset.toUpperCase() === '_SESSION' && rest.length === 0) return this.#temporaryReference(tableId);
    throw invalidQuery(`A temporary table has no dataset: ${parts.join('.')}`);
  }

  #temporaryReference(tableId: string): TableReference {
    return { projectId: this.#context.projectId, datasetId: this.#datasetId, tableId };
  }

  isTemporary({ datasetId }: TableReference): boolean {
    return datasetId === this.#datasetId;
  }

  /** The table as only this script sees it. Throws NOT_FOUND for a temporary one that does not exist. */
  find(reference: TableReference, location: string): Table | undefined {
    const own = this.#own.get(keyOf(reference));
    if (!own && this.isTemporary(reference)) throw tableNotFound(reference, location);
    return own;
  }

  isOwn(table: Table): boolean {
    return this.#own.get(keyOf(table.reference)) === table;
  }

  /** The time that a transaction reads a stored table at; undefined for its present rows. Milliseconds since the epoch. */
  readsAt(table: Table): number | undefined {
    if (!this.#transaction || this.isOwn(table)) return undefined;
    const time = this.#transaction.lastModified.get(table.physicalName);
    if (time === table.lastModifiedTime) return undefined;
    if (time !== undefined && !this.#isChanged(table, time)) return time;
    const name = tableName(table.reference);
    throw unsupported(`Reading ${name} in a transaction during which others change its rows`);
  }

  /** Throws inside a transaction. */
  assertDefines(statementType: string): void {
    if (!this.#transaction) return;
    throw invalidQuery(`${statementType} is not allowed in a transaction: it defines temporary tables only`);
  }

  begin(): void {
    if (this.#transaction) throw invalidQuery('Transaction is already in progress');
    const tables = this.#context.catalog.allTables();
    this.#transaction = {
      id: randomUUID(),
      temporary: new Map(this.#own),
      lastModified: new Map(tables.map((table) => [table.physicalName, table.lastModifiedTime])),
      changed: new Map(),
    };
  }

  /** Throws when somebody else has changed a table that the transaction changes, and then writes nothing. */
  async commit(): Promise<void> {
    const { changed, temporary } = this.#open('COMMIT');
    await this.#context.database.write(async (transaction) => {
      for (const [key, each] of changed) await this.#publish(transaction, each, this.#own.get(key));
    });
    const published = [...changed].filter(([, { onlyInserts }]) => !onlyInserts).map(([key]) => key);
    this.#end(new Map([...this.#own].filter(([key]) => !changed.has(key))), temporary, published);
  }

  rollback(): void {
    const { temporary } = this.#open('ROLLBACK');
    this.#end(new Map(temporary), this.#own, []);
  }

  /** Undoes what was not committed, and drops the temporary tables. */
  close(): void {
    if (this.#transaction) this.rollback();
    for (const table of this.#own.values()) this.#drop(table);
    this.#own.clear();
  }

  #open(verb: string): OpenTransaction {
    if (this.#transaction) return this.#transaction;
    throw invalidQuery(`${verb} TRANSACTION without a transaction in progress`);
  }

  /** Ends the transaction with these tables, and drops all others. */
  #end(kept: Map<string, Table>, others: ReadonlyMap<string, Table>, published: readonly string[]): void {
    const stay = new Set([...kept.values(), ...published.map((key) => this.#own.get(key))]);
    for (const table of new Set([...this.#own.values(), ...others.values()])) {
      if (!stay.has(table)) this.#drop(table);
    }
    this.#own = kept;
    this.#transaction = undefined;
  }

  /** CREATE TEMP TABLE. Throws ALREADY_EXISTS. */
  async create(translation: CreateTranslation, bindings: Bindings): Promise<DdlOutcome> {
    const { reference, fields, properties, options, orReplace, ifNotExists, sql } = translation;
    if (options.length > 0) throw unsupported('A temporary table with OPTIONS');
    const { catalog, clock, database } = this.#context;
    const key = keyOf(reference);
    const existing = this.#own.get(key);
    if (existing && ifNotExists) return { operation: 'SKIP', table: reference };
    if (existing && !orReplace) {
      throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
    }
    const now = clock.now();
    const times = { creationTime: now, lastModifiedTime: now };
    const table = { reference, fields, properties, ...times, physicalName: catalog.newPhysicalName() };
    await database.write(async ({ connection }) => {
      await catalog.stageTable(connection, table, now);
      if (sql) await insertQuery(connection, table, sql, bindings);
    });
    this.#replace(key, table);
    return { operation: existing ? 'REPLACE' : 'CREATE', table: reference };
  }

  /** DROP TABLE of a temporary table. Throws NOT_FOUND. */
  remove({ reference, ifExists }: DropTranslation, location: string): DdlOutcome {
    const key = keyOf(reference);
    if (!this.#own.has(key)) {
      if (ifExists) return { operation: 'SKIP', table: reference };
      throw tableNotFound(reference, location);
    }
    this.#replace(key, undefined);
    return { operation: 'DROP', table: reference };
  }

  /** What was there stays until the end of a transaction, which may bring it back. */
  #replace(key: string, table: Table | undefined): void {
    const before = this.#own.get(key);
    if (table) this.#own.set(key, table);
    else this.#own.delete(key);
    if (before && before !== this.#transaction?.temporary.get(key)) this.#drop(before);
  }

  /** Makes the table that a statement changes the script's own, before the statement is translated. */
  async claim(table: Table, onlyInserts: boolean): Promise<void> {
    const transaction = this.#transaction;
    if (!transaction) return;
    const key = keyOf(table.reference);
    const changed = transaction.changed.get(key);
    if (changed && !onlyInserts) changed.onlyInserts = false;
    const own = this.#own.get(key);
    if (own && own !== transaction.temporary.get(key)) return;
    assertWritable(table);
    const time = own ? Number.POSITIVE_INFINITY : transaction.lastModified.get(table.physicalName);
    if (time === undefined || (!own && this.#isChanged(table, time))) throw conflict(table, transaction.id);
    const { catalog, database } = this.#context;
    const copy = { ...table, physicalName: catalog.newPhysicalName() };
    const rows = own ? '' : ` WHERE ${STAMP} <= make_timestamp(${BigInt(time) * 1000n}::BIGINT)`;
    await database.write(async ({ connection }) => {
      await catalog.stageTable(connection, copy, UNCOMMITTED);
      await connection.run(
        `INSERT INTO ${physicalSql(copy)} BY NAME SELECT * FROM ${physicalSql(table)}${rows}`,
      );
    });
    this.#own.set(key, copy);
    if (own) return;
    transaction.changed.set(key, { base: { ...table, lastModifiedTime: time }, onlyInserts });
  }

  /** Runs a statement that changes rows of a table of this script. */
  async change(translation: DmlTranslation, bindings: Bindings): Promise<ChangedRows> {
    const { database, statistics } = this.#context;
    return await database.write(async ({ connection, afterCommit }) => {
      await setCommitTime(connection, UNCOMMITTED);
      afterCommit(() => statistics.invalidate(translation.table));
      return await changeRows(connection, translation, bindings);
    });
  }

  /** Gives the rows of a transaction to everybody. */
  async #publish(transaction: Transaction, { base, onlyInserts }: Changed, copy: Table | undefined) {
    if (!copy) throw new RangeError('a changed table without a copy');
    const { catalog, clock, statistics, location } = this.#context;
    const { connection } = transaction;
    const current = catalog.table(base.reference, location);
    const columns = base.fields.map(({ name }) => quoteColumn(name)).join(', ');
    if (!isDeepStrictEqual(current.fields, base.fields)) throw conflict(base, this.#transaction?.id);
    const [own, stored] = [physicalSql(copy), physicalSql(current)];
    const isNew = `${STAMP} = make_timestamp(${BigInt(UNCOMMITTED) * 1000n}::BIGINT)`;
    if (onlyInserts) {
      await catalog.touchTable(transaction, current, clock.now());
      await connection.run(
        `INSERT INTO ${stored} (${columns}) SELECT ${columns} FROM ${own} WHERE ${isNew} ORDER BY rowid`,
      );
      transaction.afterCommit(() => statistics.invalidate(current));
      return;
    }
    if (current.physicalName !== base.physicalName || this.#isChanged(current, base.lastModifiedTime)) {
      throw conflict(base, this.#transaction?.id);
    }
    const later = `${STAMP} > make_timestamp(${BigInt(base.lastModifiedTime) * 1000n}::BIGINT)`;
    await connection.run(`INSERT INTO ${own} BY NAME SELECT * FROM ${stored} WHERE ${later}`);
    const published = await this.#tables.replace(
      ...([transaction, current, current.fields, current.properties, copy.physicalName] as const),
    );
    await setCommitTime(connection, published.lastModifiedTime);
    await connection.run(`UPDATE ${own} SET ${STAMP} = getvariable('commit_time') WHERE ${isNew}`);
    transaction.afterCommit(() => statistics.invalidate(published));
  }

  /** Whether rows were changed after a time, other than by adding some. */
  #isChanged({ reference }: Table, time: number): boolean {
    const { versions } = this.#context.catalog;
    return versions.lostUntil(reference) > time || versions.of(reference).some(({ until }) => until > time);
  }

  #drop(table: Table): void {
    const { database, statistics } = this.#context;
    const bytes = statistics.knownBytes(table);
    statistics.invalidate(table);
    database.drop({ schema: 'data', name: table.physicalName }, bytes);
  }
}

function keyOf({ datasetId, tableId }: TableReference): string {
  return `${datasetId}.${tableId}`;
}

function conflict({ reference }: Table, transactionId: string | undefined): CloudError {
  return invalidQuery(
    `Transaction is aborted due to concurrent update against table ${tableName(reference)}. Transaction ID: ${transactionId}`,
  );
}

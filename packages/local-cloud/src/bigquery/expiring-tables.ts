import type { Timer } from '../clock.ts';
import type { TableReference } from '../warehouse.ts';
import { tableResource } from './access.ts';
import { Bursts } from './bursts.ts';
import type { Table } from './catalog.ts';
import type { Transaction } from './database.ts';
import { forgetAccess, forgetViews } from './dataset-access.ts';
import type { ServiceContext } from './datasets.ts';
import { tableName } from './errors.ts';
import { forgetOldHistory, hasHistory, hasOldHistory, keepDropped } from './history.ts';
import { totalBytes } from './statistics.ts';
import { kindOf } from './table-kind.ts';

/**
 * Beyond these limits the tables that expire and were not used for longest are dropped early. Google has no such limits, a disk has.
 * Two lists of 10,000,000 records, one after the other, and what filters them, are about 2 GiB.
 */
const MAX_TABLES = 1000;
const MAX_BYTES = 4 * 1024 ** 3;

/** Drops tables: those that expire in time, and the oldest of these early when all of them take too much. */
export class ExpiringTables {
  readonly #context: ServiceContext;
  readonly #onWarning: (message: string) => void;
  readonly #maxBytes: number;
  readonly #bursts: Bursts;
  #timer: Timer | undefined;
  /** When tables were last read, by their name in DuckDB. Milliseconds since the epoch. */
  readonly #readAt = new Map<string, number>();

  constructor(context: ServiceContext, onWarning: (message: string) => void, maxBytes = MAX_BYTES) {
    this.#context = context;
    this.#maxBytes = maxBytes;
    this.#onWarning = onWarning;
    this.#bursts = new Bursts(context.clock);
  }

  /** Call it when a table is read: the last used ones stay. */
  read(table: Table): void {
    if (expirationOf(table) < Infinity) this.#readAt.set(table.physicalName, this.#context.clock.now());
  }

  /** Drops tables, the grants on them, and what others grant to them as views. Call it once in a transaction. */
  async drop(transaction: Transaction, ...tables: readonly Table[]): Promise<void> {
    for (const table of tables) {
      await this.discard(transaction, table);
      transaction.afterCommit(() => forgetAccess(this.#context.iam, tableResource(table.reference)));
    }
    const views = tables.filter((table) => kindOf(table) === 'VIEW');
    await forgetViews(transaction, views, this.#context);
  }

  /** Drops a table in whose place comes another, which keeps the grants. */
  async discard(transaction: Transaction, table: Table): Promise<void> {
    const { catalog, database, statistics } = this.#context;
    if (hasHistory(table)) {
      await catalog.forgetTable(transaction, table);
      await keepDropped(transaction, table, this.#context);
      return;
    }
    await catalog.dropTable(transaction, table);
    const bytes = statistics.knownBytes(table);
    transaction.afterCommit(() => {
      statistics.invalidate(table);
      this.#readAt.delete(table.physicalName);
      database.droppedTable(bytes);
    });
  }

  /** Drops expired tables, as BigQuery does, and history that is too old. Call it before looking up tables. */
  async dropExpired(): Promise<void> {
    const { catalog, clock, database } = this.#context;
    const expired = () => catalog.allTables().filter((table) => expirationOf(table) <= clock.now());
    if (expired().length === 0 && !hasOldHistory(this.#context)) return;
    await database.write(async (transaction) => {
      await this.drop(transaction, ...expired());
      if (hasOldHistory(this.#context)) await forgetOldHistory(transaction, this.#context);
    });
  }

  /** Keeps the tables that expire within their limits. Call it after `written` has changed, outside of transactions. */
  async dropExcess({ datasetId, tableId }: TableReference): Promise<void> {
    const written = this.#context.catalog.findTable(datasetId, tableId);
    if (!written || expirationOf(written) === Infinity) return;
    await this.#context.database.write(async (transaction) => {
      const [newest, ...older] = this.#expiring();
      if (!newest) return;
      let tables = 1;
      let bytes = await this.#bytesOf(transaction, newest);
      const excess: Table[] = [];
      for (const table of older) {
        tables += 1;
        bytes += await this.#bytesOf(transaction, table);
        if (tables > MAX_TABLES || bytes > this.#maxBytes) excess.push(table);
      }
      await this.drop(transaction, ...excess);
      for (const table of excess) transaction.afterCommit(() => this.#report(table));
    });
  }

  /** Frees the storage of expired tables although nobody asks for them. Call it after each change of an expiration. */
  watch(): void {
    const { catalog, clock } = this.#context;
    this.#timer?.cancel();
    const next = Math.min(...catalog.allTables().map(expirationOf));
    if (next === Infinity) return;
    this.#timer = clock.setTimeout(() => {
      this.dropExpired().then(
        () => this.watch(),
        (error: unknown) => this.#onWarning(`expired tables could not be dropped: ${error}`),
      );
    }, next - clock.now());
  }

  close(): void {
    this.#timer?.cancel();
  }

  /** The last used first. */
  #expiring(): Table[] {
    const usedAt = (table: Table) =>
      Math.max(table.lastModifiedTime, this.#readAt.get(table.physicalName) ?? 0);
    return this.#context.catalog
      .allTables()
      .filter((table) => expirationOf(table) < Infinity)
      .sort((a, b) => usedAt(b) - usedAt(a));
  }

  async #bytesOf({ connection }: Transaction, table: Table): Promise<number> {
    return totalBytes(await this.#context.statistics.count(connection, table));
  }

  #report(table: Table): void {
    if (!this.#bursts.begins()) return;
    this.#onWarning(
      `the tables with an expiration are more than ${MAX_TABLES} or have more than ${this.#maxBytes / 1024 ** 2} MiB: those not used for longest are dropped before they expire, first ${tableName(table.reference)}. Remove the expirationTime of a table to keep it`,
    );
  }
}

/** Milliseconds since the epoch. */
function expirationOf({ properties }: Table): number {
  return Number(properties.expirationTime ?? Infinity);
}

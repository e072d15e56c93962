import type { TableReference } from '../warehouse.ts';
import type { Table } from './catalog.ts';
import { readRows, type Transaction } from './database.ts';

/** How far back BigQuery reads. https://docs.cloud.google.com/bigquery/docs/time-travel */
export const TIME_TRAVEL_MS = 7 * 24 * 60 * 60 * 1000;

/** Beyond these limits the oldest versions are dropped early. Google has no such limits, a disk has. */
const MAX_BYTES = 256 * 1024 ** 2;
const MAX_VERSIONS = 200;

/** A table as it was until a time, in milliseconds since the epoch. */
export interface TableVersion {
  readonly table: Table;
  readonly until: number;
  readonly bytes: number;
}

/** What tables were before their rows were changed, replaced or dropped, for time travel. */
export class Versions {
  /** The oldest first. */
  #kept: TableVersion[] = [];
  /** The versions that each open transaction will leave. */
  readonly #uncommitted = new WeakMap<Transaction, TableVersion[]>();
  /** For each table, the time before which not everything is known, in milliseconds since the epoch. */
  readonly #lost = new Map<string, number>();

  /** Call it once, inside the transaction that loads the catalog. Forgets versions that are too old to be read. */
  async load(connection: Transaction['connection'], now: number): Promise<void> {
    await connection.run(
      `CREATE TABLE IF NOT EXISTS catalog.versions
         (physical_id BIGINT, until BIGINT NOT NULL, bytes BIGINT NOT NULL, resource VARCHAR NOT NULL)`,
    );
    await deleteOld(connection, now);
    const rows = await readRows(connection, 'SELECT * FROM catalog.versions ORDER BY until');
    for (const [id = null, until, bytes, resource] of rows) {
      const table: Omit<Table, 'physicalName'> = JSON.parse(String(resource));
      if (id === null) this.#forget(table.reference, Number(until));
      else {
        const version = { ...table, physicalName: `t${id}` };
        this.#kept.push({ table: version, until: Number(until), bytes: Number(bytes) });
      }
    }
  }

  /** The tables that hold the rows of versions. */
  tables(): Table[] {
    return this.#kept.map(({ table }) => table);
  }

  /** The versions of a table, the oldest first. */
  of(reference: TableReference): TableVersion[] {
    const key = keyOf(reference);
    return this.#kept.filter(({ table }) => keyOf(table.reference) === key);
  }

  /** Before this time some version of the table is missing. Milliseconds since the epoch. */
  lostUntil(reference: TableReference): number {
    return this.#lost.get(keyOf(reference)) ?? 0;
  }

  #keptIn(transaction: Transaction): TableVersion[] {
    return this.#uncommitted.get(transaction) ?? this.#kept;
  }

  #change(transaction: Transaction, kept: TableVersion[]): void {
    if (!this.#uncommitted.has(transaction)) {
      transaction.afterCommit(() => {
        this.#kept = this.#keptIn(transaction);
      });
    }
    this.#uncommitted.set(transaction, kept);
  }

  /** Whether there are versions that are too old to be read. */
  hasOld(now: number): boolean {
    return this.#kept.some(({ until }) => until < now - TIME_TRAVEL_MS);
  }

  /** Forgets versions that are too old to be read. Returns them. */
  async prune(transaction: Transaction, now: number): Promise<TableVersion[]> {
    await deleteOld(transaction.connection, now);
    const kept = this.#keptIn(transaction);
    const old = kept.filter(({ until }) => until < now - TIME_TRAVEL_MS);
    this.#change(
      transaction,
      kept.filter((version) => !old.includes(version)),
    );
    return old;
  }

  /** Keeps a version. Returns the tables of older ones that nobody can find after the commit. */
  async keep(transaction: Transaction, version: TableVersion, now: number): Promise<TableVersion[]> {
    if (version.bytes > MAX_BYTES) {
      await this.lose(transaction, version.table, version.until);
      return [version];
    }
    await insert(transaction, version);
    let bytes = version.bytes;
    const kept = this.#keptIn(transaction);
    const excess = kept.toReversed().filter((older, index) => {
      bytes += older.bytes;
      return bytes > MAX_BYTES || index + 1 >= MAX_VERSIONS || older.until < now - TIME_TRAVEL_MS;
    });
    for (const older of excess) {
      await transaction.connection.run('DELETE FROM catalog.versions WHERE physical_id = $1', [
        BigInt(older.table.physicalName.slice(1)),
      ]);
      if (older.until >= now - TIME_TRAVEL_MS) await this.lose(transaction, older.table, older.until);
    }
    this.#change(transaction, [...kept.filter((older) => !excess.includes(older)), version]);
    return excess;
  }

  /** Takes out the version with the rows of a table; false when there is none. */
  async release(transaction: Transaction, released: Table): Promise<boolean> {
    const { physicalName, creationTime } = released;
    // After a restart another table may have the name in DuckDB of one whose rows are gone.
    const kept = this.#keptIn(transaction);
    const version = kept.find(
      ({ table }) => table.physicalName === physicalName && table.creationTime === creationTime,
    );
    if (!version) return false;
    await transaction.connection.run('DELETE FROM catalog.versions WHERE physical_id = $1', [
      BigInt(physicalName.slice(1)),
    ]);
    this.#change(
      transaction,
      kept.filter((other) => other !== version),
    );
    return true;
  }

  /** Records that the table as it was until a time is not kept. */
  async lose(transaction: Transaction, table: Table, until: number): Promise<void> {
    const { connection } = transaction;
    const { reference } = table;
    const resource = JSON.stringify({ reference });
    // One time for each table is enough.
    await connection.run(
      'DELETE FROM catalog.versions WHERE physical_id IS NULL AND (until < $1 OR resource = $2)',
      [BigInt(until - TIME_TRAVEL_MS), resource],
    );
    await connection.run('INSERT INTO catalog.versions VALUES (NULL, $1, 0, $2)', [BigInt(until), resource]);
    transaction.afterCommit(() => {
      for (const [key, time] of this.#lost) if (time < until - TIME_TRAVEL_MS) this.#lost.delete(key);
      this.#forget(reference, until);
    });
  }

  /** The versions of a table follow its name. */
  async rename(transaction: Transaction, from: TableReference, to: TableReference): Promise<void> {
    const kept = this.#keptIn(transaction);
    const own = kept.filter(({ table }) => keyOf(table.reference) === keyOf(from));
    const renamed = new Map(
      own.map((version) => [version, { ...version, table: { ...version.table, reference: to } }]),
    );
    for (const { table } of renamed.values()) {
      await transaction.connection.run('UPDATE catalog.versions SET resource = $2 WHERE physical_id = $1', [
        BigInt(table.physicalName.slice(1)),
        storedForm(table),
      ]);
    }
    this.#change(
      transaction,
      kept.map((version) => renamed.get(version) ?? version),
    );
    const lost = this.lostUntil(from);
    transaction.afterCommit(() => {
      if (lost) this.#forget(to, lost);
    });
  }

  #forget(reference: TableReference, until: number): void {
    this.#lost.set(keyOf(reference), Math.max(until, this.lostUntil(reference)));
  }
}

async function deleteOld(connection: Transaction['connection'], now: number): Promise<void> {
  await connection.run('DELETE FROM catalog.versions WHERE physical_id IS NOT NULL AND until < $1', [
    BigInt(now - TIME_TRAVEL_MS),
  ]);
}

async function insert({ connection }: Transaction, { table, until, bytes }: TableVersion): Promise<void> {
  await connection.run('INSERT INTO catalog.versions VALUES ($1, $2, $3, $4)', [
    BigInt(table.physicalName.slice(1)),
    BigInt(until),
    BigInt(bytes),
    storedForm(table),
  ]);
}

function storedForm({ physicalName: _, ...table }: Table): string {
  return JSON.stringify(table);
}

function keyOf({ datasetId, tableId }: TableReference): string {
  return `${datasetId}.${tableId}`;
}

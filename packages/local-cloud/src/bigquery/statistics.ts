import type { DuckDBValue } from '@duckdb/node-api';
import { physicalSql, type Table } from './catalog.ts';
import { type Database, readRows, type Transaction } from './database.ts';
import { byteSize, columnBytesSql } from './sizes.ts';
import { typeOfField } from './types.ts';

/** Rows and logical bytes of one table. */
export interface TableStatistics {
  readonly rows: number;
  /** Keyed by lower-case column name. */
  readonly columnBytes: ReadonlyMap<string, number>;
  /** Whether the rowid in DuckDB is the index of each row, so that a range of rows is found without reading those before. */
  readonly isIndexed: boolean;
}

interface Counted extends TableStatistics {
  rows: number;
  readonly columnBytes: Map<string, number>;
  isIndexed: boolean;
}

/** The rowids of rows that a transaction adds to a new table begin here, and at 0 once it commits: DuckDB's MAX_ROW_ID. */
const UNCOMMITTED = 36_028_797_018_960_000n;
const IS_INDEXED_SQL = `coalesce(max(rowid) - min(rowid) + 1, 0) = count(*) AND coalesce(min(rowid), 0) IN (0, ${UNCOMMITTED})`;

type Countable = Pick<Table, 'physicalName' | 'fields'>;

/** Counts the rows and bytes of each table once, adds appended rows, and counts again after every other change. */
export class Statistics {
  readonly #database: Database;
  readonly #known = new Map<string, Counted>();

  constructor(database: Database) {
    this.#database = database;
  }

  async of(table: Table): Promise<TableStatistics> {
    // Counting takes the writer's turn, so no append is missed or counted twice.
    return (
      this.#known.get(table.physicalName) ??
      this.#database.write(({ connection }) => this.count(connection, table))
    );
  }

  /** Logical bytes of a table; 0 when they are not counted. */
  knownBytes(table: Countable): number {
    const known = this.#known.get(table.physicalName);
    return known ? totalBytes(known) : 0;
  }

  /** Call it on the connection of the writer, or for a table that no one else writes to yet. */
  async count(connection: Transaction['connection'], table: Countable): Promise<TableStatistics> {
    const known = this.#known.get(table.physicalName);
    if (known) return known;
    const sums = table.fields.map((field) => columnBytesSql(typeOfField(field), field.name));
    const [counts] = await readRows(
      connection,
      `SELECT ${['count(*)', IS_INDEXED_SQL, ...sums].join(', ')} FROM ${physicalSql(table)}`,
    );
    const [rows = 0, isIndexed = 0, ...bytes] = (counts ?? []).map(Number);
    const columnBytes = new Map(
      table.fields.map(({ name }, index) => [name.toLowerCase(), bytes[index] ?? 0]),
    );
    const counted = { rows, columnBytes, isIndexed: isIndexed === 1 };
    this.#known.set(table.physicalName, counted);
    return counted;
  }

  /** Adds appended rows. Call it right after their commit. */
  add(table: Table, rows: readonly (readonly DuckDBValue[])[]): void {
    const known = this.#known.get(table.physicalName);
    if (!known) return;
    known.rows += rows.length;
    // An append that was rolled back before may have used rowids.
    known.isIndexed = false;
    for (const [index, field] of table.fields.entries()) {
      const type = typeOfField(field);
      const key = field.name.toLowerCase();
      const added = rows.reduce((sum, row) => sum + byteSize(type, row[index] ?? null), 0);
      known.columnBytes.set(key, (known.columnBytes.get(key) ?? 0) + added);
    }
  }

  invalidate(table: Pick<Table, 'physicalName'>): void {
    this.#known.delete(table.physicalName);
  }
}

export function totalBytes({ columnBytes }: TableStatistics): number {
  return [...columnBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

import { randomBytes } from 'node:crypto';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Clock } from '../clock.ts';
import type { TableReference } from '../warehouse.ts';
import type { Owned } from './access.ts';
import { type Database, readRows } from './database.ts';
import { quoteIdentifier } from './names.ts';
import type { RowSource } from './page.ts';
import { prepare, runPrepared } from './prepared.ts';
import { byteSize, columnBytesSql } from './sizes.ts';
import type { Bindings } from './sql/bindings.ts';
import { duckType, type Field, typeOfField } from './types.ts';

/** "Approximately 24 hours". https://docs.cloud.google.com/bigquery/docs/cached-results */
const LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Beyond these limits the oldest results are evicted. Google, too, keeps results only "best-effort". */
const MAX_RESULTS = 1000;
const MAX_BYTES = 2 * 1024 ** 3;

/** Results of up to about this many rows stay JavaScript values; larger ones become a DuckDB table in memory. */
export const SMALL_ROWS = 4096;

/** A result without its rows. */
export interface ResultInfo {
  readonly tableId: string;
  readonly fields: readonly Field[];
  readonly totalRows: number;
  /** Logical bytes. */
  readonly bytes: number;
}

/** The rows of a finished query: the contents of its anonymous table. */
export interface Result extends ResultInfo, RowSource, Owned {
  /** Milliseconds since the epoch. */
  readonly creationTime: number;
  readonly expirationTime: number;
}

type UnownedResult = Omit<StoredResult, 'owner'>;

interface StoredResult extends Result {
  readonly drop: () => Promise<void>;
}

/** Anonymous result tables. They are lost when the process ends. */
export class Results {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #kept = new Map<string, StoredResult>();
  #bytes = 0;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** The dataset of anonymous tables. A leading underscore hides a dataset from lists. */
  static readonly datasetId = '_local_anonymous';

  reference(projectId: string, { tableId }: ResultInfo): TableReference {
    return { projectId, datasetId: Results.datasetId, tableId };
  }

  find(tableId: string): Result | undefined {
    const result = this.#kept.get(tableId);
    if (result && result.expirationTime <= this.#clock.now()) {
      this.#evict(result);
      return undefined;
    }
    return result;
  }

  /** Runs a query and stores its rows. Without `mayBeLarge`, a large result costs a second run. */
  async run(query: {
    readonly sql: string;
    readonly bindings: Bindings;
    readonly fields: readonly Field[];
    readonly mayBeLarge: boolean;
    readonly owner: string | undefined;
    readonly signal: AbortSignal;
  }): Promise<ResultInfo> {
    const { sql, bindings, fields, mayBeLarge, owner, signal } = query;
    const kept = await this.#database.read(async (connection) => {
      const rows = mayBeLarge ? undefined : await readSmall(connection, sql, bindings);
      return rows ? this.#ofRows(fields, rows) : this.#ofTable(connection, sql, bindings, fields);
    }, signal);
    this.#keep({ ...kept, owner });
    const { tableId, totalRows, bytes } = kept;
    return { tableId, fields, totalRows, bytes };
  }

  #describe(): Pick<Result, 'tableId' | 'creationTime' | 'expirationTime'> {
    const creationTime = this.#clock.now();
    return {
      tableId: `anon${randomBytes(16).toString('hex')}`,
      creationTime,
      expirationTime: creationTime + LIFETIME_MS,
    };
  }

  #ofRows(fields: readonly Field[], rows: readonly (readonly DuckDBValue[])[]): UnownedResult {
    const types = fields.map(typeOfField);
    const sizeOf = (row: readonly DuckDBValue[]) =>
      types.reduce((sum, type, index) => sum + byteSize(type, row[index] ?? null), 0);
    return {
      ...this.#describe(),
      fields,
      totalRows: rows.length,
      bytes: rows.reduce((sum, row) => sum + sizeOf(row), 0),
      read: async (start, count) => rows.slice(start, start + count),
      drop: async () => undefined,
    };
  }

  async #ofTable(
    connection: DuckDBConnection,
    sql: string,
    bindings: Bindings,
    fields: readonly Field[],
  ): Promise<UnownedResult> {
    const described = this.#describe();
    const name = `results.${quoteIdentifier(described.tableId)}`;
    const columns = fields.map((field, index) => `c${index} ${duckType(typeOfField(field))}`);
    await connection.run(`CREATE TABLE ${name} (${columns.join(', ')})`);
    const drop = () =>
      this.#database.read(async (other) => void (await other.run(`DROP TABLE IF EXISTS ${name}`)));
    try {
      await runPrepared(connection, `INSERT INTO ${name} ${sql}`, bindings);
      const sums = fields.map((field, index) => columnBytesSql(typeOfField(field), `c${index}`));
      const [counts] = await readRows(connection, `SELECT count(*), ${sums.join(' + ')} FROM ${name}`);
      const [totalRows = 0, bytes = 0] = (counts ?? []).map(Number);
      return { ...described, fields, totalRows, bytes, read: this.#tableReader(name, fields.length), drop };
    } catch (error) {
      await connection.run(`DROP TABLE IF EXISTS ${name}`);
      throw error;
    }
  }

  /** No row of a result is ever deleted, so DuckDB's rowid is the index of a row. */
  #tableReader(name: string, columns: number): Result['read'] {
    const list = Array.from({ length: columns }, (_, index) => `c${index}`).join(', ');
    // Without ORDER BY DuckDB keeps the order of insertion.
    const sql = `SELECT ${list} FROM ${name} WHERE rowid >= $1 AND rowid < $2`;
    return (start, count) =>
      this.#database.read((connection) => readRows(connection, sql, [BigInt(start), BigInt(start + count)]));
  }

  #keep(result: StoredResult): void {
    this.#kept.set(result.tableId, result);
    this.#bytes += result.bytes;
    const now = this.#clock.now();
    for (const oldest of this.#kept.values()) {
      const full = this.#kept.size > MAX_RESULTS || this.#bytes > MAX_BYTES;
      if (oldest === result || (!full && oldest.expirationTime > now)) break;
      this.#evict(oldest);
    }
  }

  #evict(result: StoredResult): void {
    this.#kept.delete(result.tableId);
    this.#bytes -= result.bytes;
    // Queued behind earlier queries. It fails only when the database is closed, and then the table is gone as well.
    result.drop().catch(() => undefined);
  }
}

/** All rows of a query, or undefined when there are more than SMALL_ROWS. */
async function readSmall(
  connection: DuckDBConnection,
  sql: string,
  bindings: Bindings,
): Promise<DuckDBValue[][] | undefined> {
  const statement = await prepare(connection, sql, bindings);
  try {
    const stream = await statement.stream();
    const rows: DuckDBValue[][] = [];
    for (;;) {
      const chunk = await stream.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return rows;
      for (const row of chunk.getRows()) rows.push(row);
      if (rows.length > SMALL_ROWS) return undefined;
    }
  } finally {
    statement.destroySync();
  }
}

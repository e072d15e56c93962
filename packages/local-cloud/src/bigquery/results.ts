import { randomBytes } from 'node:crypto';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Clock } from '../clock.ts';
import type { TableReference } from '../warehouse.ts';
import type { Owned } from './access.ts';
import { Bursts } from './bursts.ts';
import { type Database, readRows } from './database.ts';
import { quoteIdentifier } from './names.ts';
import type { RowSource } from './page.ts';
import { prepare, runPrepared } from './prepared.ts';
import { byteSize, columnBytesSql } from './sizes.ts';
import type { Bindings } from './sql/bindings.ts';
import { readerOf } from './stored-rows.ts';
import { duckType, type Field, typeOfField } from './types.ts';

/** "Approximately 24 hours". https://docs.cloud.google.com/bigquery/docs/cached-results */
const LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Beyond these limits the oldest results are evicted. Google, too, keeps results only "best-effort". */
const MAX_RESULTS = 1000;
const MAX_BYTES = 1024 ** 3;

/** Results of up to about this many rows stay JavaScript values; larger ones become a DuckDB table on disk. */
export const SMALL_ROWS = 4096;

/** What the JavaScript values of all small results may take. */
const MAX_HEAP_BYTES = 64 * 1024 ** 2;

/** About what a row and a value take beside their logical bytes. */
const ROW_OVERHEAD_BYTES = 64;
const VALUE_OVERHEAD_BYTES = 40;

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
  readonly location: string;
}

type Rows = Pick<StoredResult, 'totalRows' | 'bytes' | 'heapBytes' | 'read'>;

interface StoredResult extends Result {
  /** What its JavaScript values take; 0 when the rows are in a table. */
  readonly heapBytes: number;
}

/** Anonymous result tables. They are lost when the process ends. */
export class Results {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onWarning: (message: string) => void;
  readonly #bursts: Bursts;
  readonly #kept = new Map<string, StoredResult>();
  #bytes = 0;
  #heapBytes = 0;

  constructor(database: Database, clock: Clock, onWarning: (message: string) => void) {
    this.#database = database;
    this.#clock = clock;
    this.#onWarning = onWarning;
    this.#bursts = new Bursts(clock);
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

  forget(tableId: string): void {
    const result = this.#kept.get(tableId);
    if (result) this.#evict(result);
  }

  /** Runs a query and stores its rows. A large result costs a second run, unless the query holds many rows in memory. */
  async run(query: {
    readonly sql: string;
    readonly bindings: Bindings;
    readonly fields: readonly Field[];
    readonly holdsManyRows: boolean;
    readonly owner: string | undefined;
    readonly location: string;
    readonly signal: AbortSignal;
  }): Promise<ResultInfo> {
    const { sql, bindings, fields, holdsManyRows, owner, location, signal } = query;
    const described = this.#describe();
    const few = holdsManyRows
      ? undefined
      : await this.#database.read((connection) => readSmall(connection, sql, bindings), signal);
    const kept = few
      ? ofRows(fields, few)
      : await this.#database
          .build((connection) => this.#ofTable(connection, described.tableId, sql, bindings, fields), signal)
          .catch((error: unknown) => {
            this.#drop(described.tableId, 0);
            throw error;
          });
    this.#keep({ ...described, ...kept, fields, owner, location });
    const { totalRows, bytes } = kept;
    return { tableId: described.tableId, fields, totalRows, bytes };
  }

  #describe(): Pick<Result, 'tableId' | 'creationTime' | 'expirationTime'> {
    const creationTime = this.#clock.now();
    return {
      tableId: `anon${randomBytes(16).toString('hex')}`,
      creationTime,
      expirationTime: creationTime + LIFETIME_MS,
    };
  }

  async #ofTable(
    connection: DuckDBConnection,
    tableId: string,
    sql: string,
    bindings: Bindings,
    fields: readonly Field[],
  ): Promise<Rows> {
    const name = `results.${quoteIdentifier(tableId)}`;
    const columns = fields.map((field, index) => `c${index} ${duckType(typeOfField(field))}`);
    await connection.run(`CREATE TABLE ${name} (${columns.join(', ')})`);
    await runPrepared(connection, `INSERT INTO ${name} ${sql}`, bindings);
    const sums = fields.map((field, index) => columnBytesSql(typeOfField(field), `c${index}`));
    const [counts] = await readRows(connection, `SELECT count(*), ${sums.join(' + ')} FROM ${name}`);
    const [totalRows = 0, bytes = 0] = (counts ?? []).map(Number);
    const names = fields.map((_, index) => `c${index}`);
    // No row of a result is ever deleted.
    const stored = { table: name, fields, columns: names, isIndexed: true };
    return { totalRows, bytes, heapBytes: 0, read: readerOf(this.#database, stored) };
  }

  #keep(result: StoredResult): void {
    this.#kept.set(result.tableId, result);
    this.#bytes += result.bytes;
    this.#heapBytes += result.heapBytes;
    const now = this.#clock.now();
    for (const oldest of this.#kept.values()) {
      if (oldest === result) break;
      const isHeapFull = this.#heapBytes > MAX_HEAP_BYTES;
      const isTooMuch =
        this.#kept.size > MAX_RESULTS || this.#bytes > MAX_BYTES || (isHeapFull && oldest.heapBytes > 0);
      const isExpired = oldest.expirationTime <= now;
      if (isTooMuch && !isExpired) this.#warn(oldest);
      if (isTooMuch || isExpired) this.#evict(oldest);
      else if (!isHeapFull) break;
    }
  }

  #warn({ tableId, totalRows, bytes }: StoredResult): void {
    if (!this.#bursts.begins()) return;
    this.#onWarning(
      `more than ${MAX_RESULTS} results of queries are kept, or more than ${MAX_BYTES / 1024 ** 2} MiB of them on disk or ` +
        `${MAX_HEAP_BYTES / 1024 ** 2} MiB in memory: the oldest are dropped, first ${Results.datasetId}.${tableId} with ` +
        `${totalRows} rows and ${bytes} bytes. Give a query a destination table to keep its rows`,
    );
  }

  #evict(result: StoredResult): void {
    this.#kept.delete(result.tableId);
    this.#bytes -= result.bytes;
    this.#heapBytes -= result.heapBytes;
    if (result.heapBytes === 0) this.#drop(result.tableId, result.bytes);
  }

  #drop(tableId: string, bytes: number): void {
    this.#database.drop({ schema: 'results', name: tableId }, bytes);
  }
}

function ofRows(fields: readonly Field[], rows: readonly (readonly DuckDBValue[])[]): Rows {
  const types = fields.map(typeOfField);
  const sizeOf = (row: readonly DuckDBValue[]) =>
    types.reduce((sum, type, index) => sum + byteSize(type, row[index] ?? null), 0);
  const bytes = rows.reduce((sum, row) => sum + sizeOf(row), 0);
  return {
    totalRows: rows.length,
    bytes,
    heapBytes:
      bytes + ROW_OVERHEAD_BYTES + rows.length * (ROW_OVERHEAD_BYTES + fields.length * VALUE_OVERHEAD_BYTES),
    read: async (start, count) => rows.slice(start, start + count),
  };
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

import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult, type DuckDBValue } from '@duckdb/node-api';
import * as accessors from '@duckdb/node-api/lib/vectors/dataAccessors.js';
import { CloudError } from '../errors.ts';
import { quoteLiteral } from './names.ts';

// DuckDB's client takes U+FEFF at the head of a text for a byte-order mark and drops it.
Object.assign(accessors.default, { textDecoder: new TextDecoder('utf-8', { ignoreBOM: true }) });

const FILE = 'bigquery.duckdb';

/** Concurrent queries. Each occupies one of libuv's four threads; the fourth is for the writer. */
const READERS = 3;

/** Interactive queries that may be queued. https://docs.cloud.google.com/bigquery/quotas#query_jobs */
const MAX_QUEUED = 1000;

/** Results of queries, which end with the process. */
const RESULTS = 'results.duckdb';

/** Beyond this DuckDB spills to the folder. Each thread needs its share, so there are few. */
const MEMORY_LIMIT = '256MB';
const THREADS = Math.min(4, availableParallelism());

/** Folders open in this process. DuckDB's lock on the file keeps out other processes only. */
const openFolders = new Set<string>();

export interface Transaction {
  readonly connection: DuckDBConnection;
  /** `callback` runs after the commit and before the next transaction begins; it must not throw. */
  afterCommit(callback: () => void): void;
}

/**
 * One DuckDB database: many readers, one writer at a time. Readers see the last commit and never wait for the writer.
 * Query results live in a second database named `results`, in a file of its own.
 */
export class Database {
  readonly #instance: DuckDBInstance;
  readonly #writer: DuckDBConnection;
  readonly #readers: DuckDBConnection[];
  readonly #idle: DuckDBConnection[];
  /** Reads that wait for a connection, the oldest first. */
  readonly #waiting = new Set<(connection: DuckDBConnection) => void>();
  readonly #folder: string;
  readonly #isTemporary: boolean;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #closed = false;
  readonly #closing = new AbortController();

  private constructor(
    instance: DuckDBInstance,
    writer: DuckDBConnection,
    readers: DuckDBConnection[],
    folder: { readonly path: string; readonly isTemporary: boolean },
  ) {
    this.#instance = instance;
    this.#writer = writer;
    this.#readers = readers;
    this.#idle = [...readers];
    this.#folder = folder.path;
    this.#isTemporary = folder.isTemporary;
  }

  /**
   * Opens the database in the folder `path`, created when missing. Without a path tables stay in memory, and a temporary
   * folder holds results and what does not fit.
   */
  static async open(path: string | undefined): Promise<Database> {
    if (path === undefined) {
      const folder = { path: await mkdtemp(join(tmpdir(), 'bigquery-')), isTemporary: true };
      return Database.#connect(':memory:', folder);
    }
    await mkdir(path, { recursive: true });
    const folder = await realpath(path);
    if (openFolders.has(folder)) throw locked(folder, 'this process');
    openFolders.add(folder);
    try {
      await removeResults(folder);
      return await Database.#connect(join(folder, FILE), { path: folder, isTemporary: false });
    } catch (error) {
      openFolders.delete(folder);
      const message = Error.isError(error) ? error.message : '';
      if (!message.includes('lock on file')) throw error;
      throw locked(folder, /PID \d+/.exec(message)?.[0] ?? 'another process');
    }
  }

  static async #connect(file: string, folder: { readonly path: string; readonly isTemporary: boolean }) {
    const instance = await DuckDBInstance.create(file);
    const writer = await instance.connect();
    await writer.run(`
      ATTACH ${quoteLiteral(join(folder.path, RESULTS))} AS results (RECOVERY_MODE 'NO_WAL_WRITES');
      SET memory_limit = '${MEMORY_LIMIT}';
      SET threads = ${THREADS};
      SET GLOBAL TimeZone = 'UTC';
      SET temp_directory = ${quoteLiteral(join(folder.path, 'spill'))};
      SET autoinstall_known_extensions = false;
      SET autoload_known_extensions = false;
      SET enable_external_access = false;
    `);
    const readers = await Promise.all(Array.from({ length: READERS }, () => instance.connect()));
    return new Database(instance, writer, readers, folder);
  }

  /** Whether close() has begun, so that only the work in progress may end. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Runs `work` in a transaction, one at a time. Resolves once the commit is on disk. */
  write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(() => this.#transact(work));
    this.#lastWrite = result.catch(() => undefined);
    return result;
  }

  async #transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) throw closedError();
    const callbacks: (() => void)[] = [];
    const afterCommit = (callback: () => void) => void callbacks.push(callback);
    await this.#writer.run('BEGIN TRANSACTION');
    try {
      const result = await work({ connection: this.#writer, afterCommit });
      await this.#writer.run('COMMIT');
      for (const callback of callbacks) callback();
      return result;
    } catch (error) {
      // A failed COMMIT has already rolled back, so this ROLLBACK may find no transaction.
      await this.#writer.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Runs `work` on a connection of its own. `signal` interrupts `work`, or makes it leave the queue. */
  async read<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#closed) throw closedError();
    const abort = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
    const connection = await this.#acquire(abort);
    let running = true;
    const interrupt = async () => {
      // Repeat: an interrupt between two statements of a query has no effect.
      while (running) {
        connection.interrupt();
        await new Promise(setImmediate);
      }
    };
    try {
      abort.throwIfAborted();
      abort.addEventListener('abort', interrupt);
      return await work(connection);
    } finally {
      running = false;
      abort.removeEventListener('abort', interrupt);
      this.#release(connection);
    }
  }

  async #acquire(abort?: AbortSignal): Promise<DuckDBConnection> {
    abort?.throwIfAborted();
    const connection = this.#idle.pop();
    if (connection) return connection;
    if (this.#waiting.size >= MAX_QUEUED) {
      throw new CloudError(
        'RESOURCE_EXHAUSTED',
        `Quota exceeded: Your project exceeded quota for queued queries (${MAX_QUEUED}).`,
        { reason: 'quotaExceeded' },
      );
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(take);
        reject(abort?.reason);
      };
      const take = (free: DuckDBConnection) => {
        abort?.removeEventListener('abort', leave);
        resolve(free);
      };
      abort?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(take);
    });
  }

  #release(connection: DuckDBConnection): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#idle.push(connection);
      return;
    }
    this.#waiting.delete(next);
    next(connection);
  }

  /** Waits for writes, interrupts queries and closes the database; its one file then holds everything. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#lastWrite;
    this.#closing.abort(closedError());
    await Promise.all(this.#readers.map(() => this.#acquire()));
    for (const connection of [...this.#readers, this.#writer]) connection.closeSync();
    this.#instance.closeSync();
    if (this.#isTemporary) await rm(this.#folder, { recursive: true, force: true });
    else await removeResults(this.#folder);
    openFolders.delete(this.#folder);
  }
}

async function removeResults(folder: string): Promise<void> {
  for (const name of [RESULTS, `${RESULTS}.wal`]) await rm(join(folder, name), { force: true });
}

function locked(folder: string, holder: string): CloudError {
  return new CloudError('FAILED_PRECONDITION', `The folder ${folder} is in use by ${holder}.`, {
    hint: 'stop the other local cloud, or give this one another folder',
  });
}

function closedError(): CloudError {
  return new CloudError('UNAVAILABLE', 'The local BigQuery is closed.');
}

/** All rows of a statement. Twice as fast as the row reader of @duckdb/node-api, which builds columns first. */
export async function readRows(
  connection: DuckDBConnection,
  sql: string,
  values?: DuckDBValue[],
): Promise<DuckDBValue[][]> {
  return rowsOf(await connection.run(sql, values));
}

export async function rowsOf(result: DuckDBResult): Promise<DuckDBValue[][]> {
  const rows: DuckDBValue[][] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return rows;
    for (const row of chunk.getRows()) rows.push(row);
  }
}

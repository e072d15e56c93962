import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  type DuckDBValue,
} from '@duckdb/node-api';
import * as accessors from '@duckdb/node-api/lib/vectors/dataAccessors.js';
import { unreadable } from '../data-folder.ts';
import { CloudError } from '../errors.ts';
import { quoteIdentifier, quoteLiteral } from './names.ts';
import { QueuedConnection } from './queued-connection.ts';
import { registerComputed } from './sql/functions/computed.ts';

// DuckDB's client takes U+FEFF at the head of a text for a byte-order mark and drops it.
Object.assign(accessors.default, { textDecoder: new TextDecoder('utf-8', { ignoreBOM: true }) });

const FILE = 'bigquery.duckdb';
/** Results of queries, which end with the process. */
const RESULTS_FILE = 'results.duckdb';
const SPILL = 'spill';

/** What DuckDB says of a file that is damaged, or of a newer version; not of a full disk. */
const UNREADABLE =
  /not a valid DuckDB database|Could not read enough bytes|corrupt|checksum|Serialization Error|newer version|replaying WAL/i;

/** Beyond this DuckDB writes to its folder for temporary files. Each thread needs a share of it. */
const MEMORY_LIMIT = '320MiB';
/** While work that ran out of memory is taken back: that takes memory, too, and without it DuckDB refuses everything. */
const ROLLBACK_LIMIT = '384MiB';
/** One processor stays free for everything else: a list of millions of rows must not keep callers waiting. */
const THREADS = Math.max(1, Math.min(4, availableParallelism() - 1));

/** They compute what occurs twice in COALESCE before it is known to be needed, and the query fails by its error. */
const EAGER_OPTIMIZERS = 'common_subexpressions';

const MIB = 1024 * 1024;

/** DuckDB reuses the space of dropped tables after a checkpoint, which is worth its time from this many bytes on. */
const WORTH_RECLAIMING_BYTES = 64 * MIB;

/** A checkpoint fails while other transactions run. From this many bytes on, it waits for them and they wait for it. */
const MUST_RECLAIM_BYTES = 1024 * MIB;

/** Folders open in this process. DuckDB's lock on the file keeps out other processes only. */
const openFolders = new Set<string>();

export interface Transaction {
  readonly connection: DuckDBConnection;
  /** `callback` runs after the commit and before the next transaction begins; it must not throw. */
  afterCommit(callback: () => void): void;
}

interface Folder {
  readonly path: string;
  /** It holds results and what does not fit in memory, and tables stay in memory. */
  readonly isTemporary: boolean;
}

/**
 * One DuckDB database: many readers, one writer at a time. Readers see the last commit and never wait for the writer.
 * Query results live in a second database named `results`, in a file of its own.
 */
export class Database {
  #instance: DuckDBInstance;
  // Each runs one thing at a time and occupies one of libuv's four threads meanwhile.
  readonly #writer: QueuedConnection;
  readonly #queries: QueuedConnection;
  /** Two that sort or group millions of rows would need more memory than there is, and both would wait for the disk. */
  readonly #builds: QueuedConnection;
  readonly #lists: QueuedConnection;
  /** Drops tables. */
  readonly #cleaner: QueuedConnection;
  readonly #folder: Folder;
  readonly #onWarning: (message: string) => void;
  #reopening: Promise<void> | undefined;
  readonly #droppedBytes = { data: 0, results: 0 };
  readonly #undropped = new Map<string, () => void>();
  #lastDrop: Promise<unknown> = Promise.resolve();
  #closed = false;
  readonly #closing = new AbortController();

  private constructor(instance: DuckDBInstance, folder: Folder, onWarning: (message: string) => void) {
    const queued = () =>
      new QueuedConnection(
        () => this.#instance.connect(),
        (connection, error) => this.#recover(connection, error),
      );
    this.#instance = instance;
    this.#folder = folder;
    this.#onWarning = onWarning;
    this.#writer = queued();
    this.#queries = queued();
    this.#builds = queued();
    this.#lists = queued();
    this.#cleaner = queued();
  }

  #connections(): QueuedConnection[] {
    return [this.#writer, this.#queries, this.#builds, this.#lists, this.#cleaner];
  }

  /** Opens the database in the folder `path`, created when missing; without a path, tables stay in memory. */
  static async open(
    path: string | undefined,
    onWarning: (message: string) => void = () => undefined,
  ): Promise<Database> {
    if (path === undefined) {
      return Database.#connect(
        { path: await mkdtemp(join(tmpdir(), 'bigquery-')), isTemporary: true },
        onWarning,
      );
    }
    await mkdir(path, { recursive: true });
    const folder = await realpath(path);
    if (openFolders.has(folder)) throw locked(folder, 'this process');
    openFolders.add(folder);
    try {
      return await Database.#connect({ path: folder, isTemporary: false }, onWarning);
    } catch (error) {
      openFolders.delete(folder);
      const message = Error.isError(error) ? error.message : '';
      if (message.includes('lock on file'))
        throw locked(folder, /PID \d+/.exec(message)?.[0] ?? 'another process');
      if (!UNREADABLE.test(message)) throw error;
      throw unreadable(join(folder, FILE), message.split('\n', 1)[0] ?? '', error);
    }
  }

  static async #connect(folder: Folder, onWarning: (message: string) => void) {
    const database = new Database(await openInstance(folder), folder, onWarning);
    await Promise.all(database.#connections().map((connection) => connection.open()));
    return database;
  }

  /** Takes back what work has begun. A rollback that fails while a connection closes would end this process. */
  async #recover(connection: DuckDBConnection, error: unknown): Promise<void> {
    const isFull = Error.isError(error) && error.message.startsWith('Out of Memory Error');
    try {
      if (isFull) await this.#limitMemory(ROLLBACK_LIMIT);
      await connection.run('ROLLBACK');
    } catch (failed) {
      if (!isMessage(failed, /no transaction is active/)) this.#failed(failed);
    } finally {
      if (isFull) await this.#limitMemory(MEMORY_LIMIT);
    }
    this.#failed(error);
  }

  /** DuckDB refuses a limit below what it uses and cannot free; then the next one that is set counts. */
  async #limitMemory(limit: string): Promise<void> {
    const connection = await this.#instance.connect();
    await connection.run(`SET memory_limit = '${limit}'`).catch(() => undefined);
    connection.closeSync();
  }

  /** After some errors, such as of a rollback without memory, DuckDB refuses everything until it is opened again. */
  #failed(error: unknown): void {
    const isFatal = isMessage(error, /^FATAL Error/);
    // What is in memory only would be lost.
    if (!isFatal || this.#folder.isTemporary || this.#closed) return;
    this.#reopening ??= this.#reopen(String(error).split('\n', 1)[0] ?? '').finally(() => {
      this.#reopening = undefined;
    });
  }

  /** Everything committed is in the file. Results of queries are lost. */
  async #reopen(reason: string): Promise<void> {
    const resumes = await Promise.all(this.#connections().map((connection) => connection.pause()));
    try {
      this.#instance.closeSync();
      this.#instance = await openInstance(this.#folder);
      this.#onWarning(`DuckDB was opened again after an error, and results of queries are lost: ${reason}`);
    } catch (error) {
      this.#onWarning(`DuckDB cannot be opened again; restart this process: ${error}`);
    } finally {
      for (const resume of resumes) resume();
    }
  }

  /** Runs `work` in a transaction, one at a time. Resolves once the commit is on disk. */
  write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    const result = this.#writer.run((connection) => transact(connection, work));
    result.then(
      () => this.#reclaim('data', this.#writer),
      () => undefined,
    );
    return result;
  }

  /**
   * Drops a table that no query can find any more, whose rows have about this many bytes. What close() leaves is dropped
   * at the next start.
   */
  drop(table: { readonly schema: 'data' | 'results'; readonly name: string }, bytes: number): void {
    const sql = `DROP TABLE IF EXISTS ${table.schema}.${quoteIdentifier(table.name)}`;
    this.#undropped.set(sql, () => {
      this.#droppedBytes[table.schema] += bytes;
    });
    this.#lastDrop = this.#lastDrop.then(() => this.#dropAll());
  }

  async #dropAll(): Promise<void> {
    for (const [sql, onDropped] of this.#undropped) {
      if (this.#closed) return;
      try {
        await this.#cleaner.run((connection) => connection.run(sql));
      } catch {
        // The next drop tries again.
        continue;
      }
      this.#undropped.delete(sql);
      onDropped();
    }
    await this.#reclaim('results', this.#cleaner);
  }

  /** Call it after the commit that drops a stored table whose rows have about this many bytes. */
  droppedTable(bytes: number): void {
    this.#droppedBytes.data += bytes;
  }

  async #reclaim(database: 'data' | 'results', idle: QueuedConnection): Promise<void> {
    const bytes = this.#droppedBytes[database];
    if (bytes < WORTH_RECLAIMING_BYTES) return;
    const name = database === 'data' ? '' : database;
    try {
      await idle.run((connection) =>
        connection.run(`${bytes < MUST_RECLAIM_BYTES ? '' : 'FORCE '}CHECKPOINT ${name}`),
      );
      this.#droppedBytes[database] -= bytes;
    } catch {
      // It fails while other transactions run, and changes nothing. The next drop or write tries again.
    }
  }

  /** Runs a query that needs little memory. `signal` interrupts it, or makes it leave the queue. */
  read<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#run(this.#queries, work, signal);
  }

  /**
   * Like read, for work that sorts many rows, or writes what nobody else sees yet: all of it or nothing. Beside the one
   * writer and the queries that need little memory.
   */
  build<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#run(this.#builds, work, signal);
  }

  /**
   * Some rows of a table, by one statement without parameters: DuckDB plans and runs it in one turn of a thread, and in one
   * transaction. Long queries never delay it, as at Google, where `tabledata.list` needs no slot.
   */
  async list(sql: string): Promise<DuckDBValue[][]> {
    if (this.#closed) throw closedError();
    return await this.#lists.run((connection) => readRows(connection, sql), this.#closing.signal);
  }

  /**
   * In a transaction: DuckDB plans by the statistics of the columns. A plan from before a write, run on the rows after it,
   * reads wrong values.
   */
  async #run<T>(
    queue: QueuedConnection,
    work: (connection: DuckDBConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#closed) throw closedError();
    const stops = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
    return await queue.run((connection) => transact(connection, () => work(connection)), stops);
  }

  /** Waits for writes, interrupts queries and closes the database; its one file then holds everything. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.close();
    await this.#lastDrop;
    this.#closing.abort(closedError());
    const others = [this.#queries, this.#builds, this.#lists, this.#cleaner];
    await Promise.all(others.map((connection) => connection.close()));
    this.#instance.closeSync();
    await removeTemporary(this.#folder);
    openFolders.delete(this.#folder.path);
  }
}

function isMessage(error: unknown, pattern: RegExp): boolean {
  // Not instanceof: under jest, DuckDB's errors come from another realm.
  return Error.isError(error) && pattern.test(error.message);
}

async function openInstance(folder: Folder): Promise<DuckDBInstance> {
  const { path, isTemporary } = folder;
  const instance = await DuckDBInstance.create(isTemporary ? ':memory:' : join(path, FILE));
  // What a killed process left. The lock on the file is held from here on.
  if (!isTemporary) await removeTemporary(folder);
  const connection = await instance.connect();
  registerComputed(connection);
  await connection.run(`
    ATTACH ${quoteLiteral(join(path, RESULTS_FILE))} AS results (RECOVERY_MODE 'NO_WAL_WRITES');
    SET memory_limit = '${MEMORY_LIMIT}';
    SET threads = ${THREADS};
    SET allocator_background_threads = true;
    SET GLOBAL TimeZone = 'UTC';
    SET disabled_optimizers = '${EAGER_OPTIMIZERS}';
    SET temp_directory = ${quoteLiteral(join(path, SPILL))};
    SET autoinstall_known_extensions = false;
    SET autoload_known_extensions = false;
    SET enable_external_access = false;
  `);
  connection.closeSync();
  return instance;
}

async function transact<T>(
  connection: DuckDBConnection,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const callbacks: (() => void)[] = [];
  const afterCommit = (callback: () => void) => void callbacks.push(callback);
  await connection.run('BEGIN TRANSACTION');
  const result = await work({ connection, afterCommit });
  await connection.run('COMMIT');
  for (const callback of callbacks) callback();
  return result;
}

async function removeTemporary({ path, isTemporary }: Folder): Promise<void> {
  const names = isTemporary ? [''] : [SPILL, RESULTS_FILE, `${RESULTS_FILE}.wal`];
  for (const name of names) await rm(join(path, name), { recursive: true, force: true });
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

/** Without `fetchChunk`, which waits for a thread to hand over what is there. */
export function rowsOf(result: DuckDBMaterializedResult): DuckDBValue[][] {
  return Array.from({ length: result.chunkCount }, (_, index) => result.getChunk(index).getRows()).flat();
}

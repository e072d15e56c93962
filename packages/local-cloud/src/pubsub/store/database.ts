import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { unreadable } from '../../data-folder.ts';
import { CloudError } from '../../errors.ts';
import { reasonOf } from '../reason.ts';

/** Pages in the write-ahead log (16 MiB) before SQLite writes them to the file, so that bursts run without interruption. */
const WAL_PAGES = 4_000;

const FILE = 'pubsub.sqlite';

/** Version of the schema below. Files of another version are refused. */
const VERSION = 1;

const SCHEMA = `
  CREATE TABLE resources (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, name)
  ) STRICT;
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  -- Attributes that Pub/Sub adds; many messages share them.
  CREATE TABLE stamps (key INTEGER PRIMARY KEY, attributes TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    publish_time INTEGER NOT NULL,
    ordering_key TEXT,
    attributes TEXT,
    stamp INTEGER,
    data BLOB NOT NULL
  ) STRICT;
  -- Unacknowledged messages of a subscription. available_at is 0 unless the message backs off.
  CREATE TABLE backlog (
    subscription INTEGER NOT NULL,
    message INTEGER NOT NULL,
    ordering_key TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    available_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (subscription, message)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX backlog_waiting ON backlog (subscription, available_at) WHERE available_at > 0;
  CREATE INDEX backlog_ordered ON backlog (subscription, ordering_key, message) WHERE ordering_key IS NOT NULL;
  -- Messages kept for a seek, by a topic or by a subscription that has acknowledged them.
  CREATE TABLE retained (
    owner INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (owner, message)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * SQLite with group commit: all writes of one turn of the event loop form one transaction. `write` resolves after the
 * commit. Committed data survives a crash of the process; a power cut may lose the latest (`synchronous = NORMAL`).
 */
export class Database {
  readonly #db: DatabaseSync;
  #commit: { readonly done: Promise<void>; resolve(): void; reject(error: unknown): void } | undefined;
  readonly #onLost = new Set<() => void>();

  /** Throws CloudError FAILED_PRECONDITION when another process uses the folder, or its data is damaged or has another version. */
  constructor(folder?: string) {
    if (folder) mkdirSync(folder, { recursive: true });
    this.#db = new DatabaseSync(folder ? join(folder, FILE) : ':memory:');
    try {
      this.#db.exec(
        `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${WAL_PAGES}`,
      );
      this.#migrate(folder);
    } catch (error) {
      this.#db.close();
      if (folder && DAMAGED.some((code) => isSqliteError(error, code)))
        throw unreadable(join(folder, FILE), reasonOf(error), error);
      if (!isSqliteError(error, SQLITE_BUSY)) throw error;
      throw new CloudError('FAILED_PRECONDITION', `Another process uses the Pub/Sub data in ${folder}.`, {
        hint: 'stop the other local cloud, or use another folder',
        cause: error,
      });
    }
  }

  #migrate(folder: string | undefined): void {
    const version = this.#db.prepare('PRAGMA user_version').get()?.user_version;
    if (version === VERSION) return;
    if (version !== 0) {
      throw new CloudError(
        'FAILED_PRECONDITION',
        `The Pub/Sub data in ${folder} has format ${version}; this version reads format ${VERSION}.`,
        { hint: 'delete the folder to start empty' },
      );
    }
    this.#db.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${VERSION}; COMMIT;`);
  }

  prepare(sql: string): StatementSync {
    return this.#db.prepare(sql);
  }

  /** Runs `work` at once, as a unit, and resolves with its result after the commit. Rethrows the error of `work`. */
  write<T>(work: () => T): Promise<T> {
    const commit = this.#begin();
    this.#db.exec('SAVEPOINT work');
    let result: T;
    try {
      result = work();
    } catch (error) {
      this.#db.exec('ROLLBACK TO work; RELEASE work');
      throw error;
    }
    this.#db.exec('RELEASE work');
    const committed = commit.done.then(() => result);
    // A caller that awaits it gets the failure. After onLost, the queues repeat the writes that no caller awaits.
    committed.catch(() => {});
    return committed;
  }

  /** Calls `listener` after a failed commit, when memory no longer matches the disk. */
  onLost(listener: () => void): void {
    this.#onLost.add(listener);
  }

  close(): void {
    this.#end();
    this.#db.close();
  }

  #begin() {
    if (this.#commit) return this.#commit;
    this.#db.exec('BEGIN');
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    done.catch(() => {});
    this.#commit = { done, resolve, reject };
    setImmediate(() => this.#end());
    return this.#commit;
  }

  #end(): void {
    const commit = this.#commit;
    if (!commit) return;
    this.#commit = undefined;
    try {
      this.#db.exec('COMMIT');
      commit.resolve();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      const reason = reasonOf(error);
      commit.reject(new CloudError('UNAVAILABLE', `Cannot write to disk: ${reason}.`, { cause: error }));
      for (const listener of this.#onLost) listener();
    }
  }
}

/** https://www.sqlite.org/rescode.html: `SQLITE_BUSY`, and `SQLITE_CORRUPT` and `SQLITE_NOTADB`. */
const SQLITE_BUSY = 5;
const DAMAGED = [11, 26];

function isSqliteError(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === code;
}

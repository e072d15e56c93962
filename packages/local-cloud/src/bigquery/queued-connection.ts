import type { DuckDBConnection } from '@duckdb/node-api';
import { CloudError } from '../errors.ts';

/** Interactive queries that may be queued. https://docs.cloud.google.com/bigquery/quotas#query_jobs */
const MAX_QUEUED = 1000;

/** Work that runs in this process. */
let running = 0;

// An exit waits for the threads that run the work, and they wait for this one to compute functions: the process would stay.
process.on('exit', () => {
  if (running > 0) process.kill(process.pid, 'SIGKILL');
});

/** A connection that does one thing at a time. Work waits its turn, the oldest first. */
export class QueuedConnection {
  readonly #connect: () => Promise<DuckDBConnection>;
  readonly #recover: (connection: DuckDBConnection, error: unknown) => Promise<void>;
  /** Missing until it is opened, and after work that failed. */
  #connection: DuckDBConnection | undefined;
  #isBusy = false;
  readonly #waiting = new Set<() => void>();
  /** Goes before all work that waits. */
  #pausing: (() => void) | undefined;

  /** `recover` follows work that failed: its connection is closed after it, and must have no transaction by then. */
  constructor(
    connect: () => Promise<DuckDBConnection>,
    recover: (connection: DuckDBConnection, error: unknown) => Promise<void>,
  ) {
    this.#connect = connect;
    this.#recover = recover;
  }

  async open(): Promise<void> {
    this.#connection = await this.#connect();
  }

  /** `abort` interrupts `work`, or makes it leave the queue. Without it, work waits its turn and runs to its end. */
  async run<T>(work: (connection: DuckDBConnection) => Promise<T>, abort?: AbortSignal): Promise<T> {
    await this.#turn(abort);
    running++;
    try {
      this.#connection ??= await this.#connect();
      return await interruptible(this.#connection, work, abort);
    } catch (error) {
      // After some errors, such as of a commit without memory, a connection refuses all that follows.
      const connection = this.#connection;
      this.#connection = undefined;
      if (connection) await this.#recover(connection, error);
      connection?.closeSync();
      throw error;
    } finally {
      running--;
      this.#next();
    }
  }

  /** Waits for the work in progress and closes the connection. Answers a function that lets the work that waits go on. */
  async pause(): Promise<() => void> {
    if (this.#isBusy) {
      await new Promise<void>((resolve) => {
        this.#pausing = resolve;
      });
    }
    this.#isBusy = true;
    this.#close();
    return () => this.#next();
  }

  /** Waits for the work in progress and in the queue. No work may follow. */
  async close(): Promise<void> {
    await this.#turn();
    this.#close();
  }

  #close(): void {
    this.#connection?.closeSync();
    this.#connection = undefined;
  }

  async #turn(abort?: AbortSignal): Promise<void> {
    abort?.throwIfAborted();
    if (!this.#isBusy) {
      this.#isBusy = true;
      return;
    }
    if (this.#waiting.size >= MAX_QUEUED) {
      throw new CloudError(
        'RESOURCE_EXHAUSTED',
        `Quota exceeded: Your project exceeded quota for queued queries (${MAX_QUEUED}).`,
        { reason: 'quotaExceeded' },
      );
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(take);
        reject(abort?.reason);
      };
      const take = () => {
        abort?.removeEventListener('abort', leave);
        resolve();
      };
      abort?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(take);
    });
  }

  #next(): void {
    const [oldest] = this.#waiting;
    const next = this.#pausing ?? oldest;
    if (next === oldest && oldest) this.#waiting.delete(oldest);
    this.#pausing = undefined;
    if (next) next();
    else this.#isBusy = false;
  }
}

async function interruptible<T>(
  connection: DuckDBConnection,
  work: (connection: DuckDBConnection) => Promise<T>,
  abort: AbortSignal | undefined,
): Promise<T> {
  let isRunning = true;
  const interrupt = async () => {
    // Repeat: an interrupt between two statements of a query has no effect.
    while (isRunning) {
      connection.interrupt();
      await new Promise(setImmediate);
    }
  };
  try {
    abort?.throwIfAborted();
    abort?.addEventListener('abort', interrupt);
    return await work(connection);
  } finally {
    isRunning = false;
    abort?.removeEventListener('abort', interrupt);
  }
}

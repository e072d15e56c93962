import type { DuckDBConnection } from '@duckdb/node-api';
import { CloudError } from '../errors.ts';

/** Interactive queries that may be queued. https://docs.cloud.google.com/bigquery/quotas#query_jobs */
const MAX_QUEUED = 1000;

/** One of the connections of a pool; without a connection until it is opened, and after work that failed. */
interface Place {
  connection: DuckDBConnection | undefined;
}

/** Connections that do one thing at a time. Work waits for a free one, the oldest first. */
export class ConnectionPool {
  readonly #connect: () => Promise<DuckDBConnection>;
  readonly #recover: (connection: DuckDBConnection, error: unknown) => Promise<void>;
  readonly #places: readonly Place[];
  readonly #idle: Place[];
  readonly #waiting = new Set<(place: Place) => void>();
  /** Before all work that waits. */
  readonly #pauses: ((place: Place) => void)[] = [];

  /** `recover` follows work that failed: its connection is closed after it, and must have no transaction by then. */
  constructor(
    size: number,
    connect: () => Promise<DuckDBConnection>,
    recover: (connection: DuckDBConnection, error: unknown) => Promise<void>,
  ) {
    this.#connect = connect;
    this.#recover = recover;
    this.#places = Array.from({ length: size }, () => ({ connection: undefined }));
    this.#idle = [...this.#places];
  }

  async open(): Promise<void> {
    await Promise.all(
      this.#places.map(async (place) => {
        place.connection = await this.#connect();
      }),
    );
  }

  /** `abort` interrupts `work`, or makes it leave the queue. Without it, work waits its turn and runs to its end. */
  async run<T>(work: (connection: DuckDBConnection) => Promise<T>, abort?: AbortSignal): Promise<T> {
    const place = await this.#acquire(abort);
    try {
      place.connection ??= await this.#connect();
      return await this.#work(place.connection, work, abort);
    } catch (error) {
      // After some errors, such as of a commit without memory, a connection refuses all that follows.
      const { connection } = place;
      place.connection = undefined;
      if (connection) await this.#recover(connection, error);
      connection?.closeSync();
      throw error;
    } finally {
      this.#release(place);
    }
  }

  async #work<T>(
    connection: DuckDBConnection,
    work: (connection: DuckDBConnection) => Promise<T>,
    abort: AbortSignal | undefined,
  ): Promise<T> {
    let running = true;
    const interrupt = async () => {
      // Repeat: an interrupt between two statements of a query has no effect.
      while (running) {
        connection.interrupt();
        await new Promise(setImmediate);
      }
    };
    try {
      abort?.throwIfAborted();
      abort?.addEventListener('abort', interrupt);
      return await work(connection);
    } finally {
      running = false;
      abort?.removeEventListener('abort', interrupt);
    }
  }

  /** Waits for the work in progress and closes all connections. Answers a function that lets the work that waits go on. */
  async pause(): Promise<() => void> {
    const places = await Promise.all(
      this.#places.map(() => this.#idle.pop() ?? new Promise<Place>((resolve) => this.#pauses.push(resolve))),
    );
    for (const place of places) {
      place.connection?.closeSync();
      place.connection = undefined;
    }
    return () => {
      for (const place of places) this.#release(place);
    };
  }

  /** Waits for the work in progress. No work may follow. */
  async close(): Promise<void> {
    await Promise.all(this.#places.map(() => this.#acquire()));
    for (const { connection } of this.#places) connection?.closeSync();
  }

  async #acquire(abort?: AbortSignal): Promise<Place> {
    abort?.throwIfAborted();
    const place = this.#idle.pop();
    if (place) return place;
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
      const take = (free: Place) => {
        abort?.removeEventListener('abort', leave);
        resolve(free);
      };
      abort?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(take);
    });
  }

  #release(place: Place): void {
    const pause = this.#pauses.shift();
    if (pause) {
      pause(place);
      return;
    }
    const [next] = this.#waiting;
    if (!next) {
      this.#idle.push(place);
      return;
    }
    this.#waiting.delete(next);
    next(place);
  }
}

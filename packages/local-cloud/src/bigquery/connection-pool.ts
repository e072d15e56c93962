import type { DuckDBConnection } from '@duckdb/node-api';
import { CloudError } from '../errors.ts';

/** Interactive queries that may be queued. https://docs.cloud.google.com/bigquery/quotas#query_jobs */
const MAX_QUEUED = 1000;

/** Connections that do one thing at a time. Work waits for a free one, the oldest first. */
export class ConnectionPool {
  readonly #connections: readonly DuckDBConnection[];
  readonly #idle: DuckDBConnection[];
  readonly #waiting = new Set<(connection: DuckDBConnection) => void>();

  constructor(connections: readonly DuckDBConnection[]) {
    this.#connections = connections;
    this.#idle = [...connections];
  }

  /** `abort` interrupts `work`, or makes it leave the queue. */
  async run<T>(work: (connection: DuckDBConnection) => Promise<T>, abort: AbortSignal): Promise<T> {
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

  /** Waits for the work in progress. No work may follow. */
  async close(): Promise<void> {
    await Promise.all(this.#connections.map(() => this.#acquire()));
    for (const connection of this.#connections) connection.closeSync();
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
}

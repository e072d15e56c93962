import { join } from 'node:path';
import { ForkedProcess } from './forked-process.ts';

export interface Load {
  readonly url: string;
  /** When given, `url` has a query, and each request adds another `offset` below this to it. */
  readonly offsets?: number;
  /**
   * Requests per second at an even pace, whether earlier ones were answered or not, as many callers send them. When absent,
   * each connection sends its next request when the last is answered.
   */
  readonly rate?: number;
  /** Requests wait for one of these connections. */
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status of a good answer; 200 when absent. */
  readonly good?: string;
}

export interface LoadResult {
  /** Good answers within the time, per second. */
  readonly goodPerSecond: number;
  /** Requests sent within the time, per second. */
  readonly sentPerSecond: number;
  /** Latency of the good answers. Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly refusalsWithoutRetryAfter: number;
  /** Requests that failed without an answer. */
  readonly broken: number;
}

/** Sends requests from a process of its own. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  await using sender = new ForkedProcess<Load, LoadResult>(join(import.meta.dirname, 'load-process.ts'));
  return await sender.ask(load);
}

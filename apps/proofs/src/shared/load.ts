import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that counts; 200 when absent. */
  readonly good?: string;
}

export interface PacedLoad {
  readonly url: string;
  /** When given, `url` has a query, and each request adds another `offset` below this to it. */
  readonly offsets?: number;
  /** Requests per second; when absent, each connection sends its next one when the last is answered. */
  readonly rate?: number;
  /** At most: what is due beyond them waits. */
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LoadResult {
  /** Answers with the good status, per second. */
  readonly goodPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Connections that failed, and answers that did not come. */
  readonly broken: number;
}

export interface PacedResult extends LoadResult {
  /** 429 and 503 that do not say when to come back. */
  readonly refusalsWithoutRetryAfter: number;
  /** Requests that left, per second. */
  readonly sentPerSecond: number;
}

/** Sends requests for some seconds, each connection its next one when the last is answered, from a process of its own. */
export function sendLoad(load: Load): Promise<LoadResult> {
  return resultOf('load-process.ts', load);
}

/** The same at an even rate, and of all that is asked only what is answered within those seconds counts. */
export async function sendPaced(load: PacedLoad): Promise<PacedResult> {
  return (await resultOf('paced-load.ts', load)) as PacedResult;
}

async function resultOf(program: string, load: Load | PacedLoad): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, program));
  const exited = once(child, 'exit');
  child.send(load);
  const result = await Promise.race([
    once(child, 'message').then(([message]) => message as LoadResult),
    exited.then(([code]) => Promise.reject(new Error(`the load generator ended with ${code}`))),
  ]);
  await exited;
  return result;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;
}

import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** Time, passed in for tests. */
export interface Ticker {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Resolves after `ms`; rejects when the signal aborts. */
  delay(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

export const systemTicker: Ticker = {
  now: () => performance.now(),
  delay: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};

import { setTimeout } from 'node:timers/promises';

/** Time and chance, passed in: what waits in here waits on these, so tests need no sleep. */
export interface Timing {
  /** Milliseconds, from any fixed point. */
  now(): number;
  /** Milliseconds since the Unix epoch: the clock that all instances share. */
  date(): number;
  /** Resolves after `ms`, or rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to 1. */
  random(): number;
}

export const systemTiming: Timing = {
  now: () => performance.now(),
  date: Date.now,
  sleep: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : undefined),
  random: Math.random,
};

import { setTimeout } from 'node:timers/promises';

/** The clock and the source of randomness, passed in so that tests need not sleep. */
export interface Timing {
  /** Milliseconds, from any fixed point. */
  now(): number;
  /** Milliseconds since the Unix epoch, about the same on every instance. */
  date(): number;
  /** Resolves after `ms`, or rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 to below 1. */
  random(): number;
}

export const systemTiming: Timing = {
  now: () => performance.now(),
  date: Date.now,
  sleep: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : undefined),
  random: Math.random,
};

/** How to wait for something to happen. Tests pass a clock of their own. */
export interface Waits {
  /** Longest wait for one thing, in milliseconds. */
  readonly waitMs: number;
  /** Pause between two looks, in milliseconds. */
  readonly pauseMs: number;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Looks until there is an answer. Throws an error that starts with `otherwise()` when the wait is over. */
export async function waitFor<T>(
  look: () => Promise<T | undefined>,
  { now, pause, pauseMs, waitMs }: Waits,
  otherwise: () => string,
): Promise<T> {
  const end = now() + waitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (now() >= end) throw new Error(`${otherwise()} (waited ${waitMs / 1000} s)`);
    await pause(pauseMs);
  }
}

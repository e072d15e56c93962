/** How long something is waited for. */
export interface Waits {
  /** Longest wait for one thing to happen, in milliseconds. */
  readonly waitMs: number;
  /** Pause between two questions, in milliseconds. */
  readonly pauseMs: number;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Asks until it is true. False when it was not, for as long as may be waited. */
export async function until(isTrue: () => Promise<boolean>, waits: Waits): Promise<boolean> {
  const { now, pause, pauseMs, waitMs } = waits;
  const end = now() + waitMs;
  while (!(await isTrue())) {
    if (now() >= end) return false;
    await pause(pauseMs);
  }
  return true;
}

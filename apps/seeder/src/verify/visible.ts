import { reasonOf } from '../errors.ts';
import type { Ticker } from '../ticker.ts';

/** Bounds of the pause between two questions, in milliseconds. */
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
/** The pause grows with the time spent, so a rate that is measured by it is off by at most this share. */
const PAUSE_SHARE = 0.05;

export interface VisibleOptions {
  /** How many are visible now. */
  count(): Promise<number>;
  /** Returns when this many are. */
  readonly expected: number;
  /** Returns, too, when no more became visible for this long, in milliseconds. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly ticker: Ticker;
  onCount?(visible: number): void;
}

/** How many were visible at last; `problem` is why the last question had no answer, if it had none. */
export interface Visible {
  readonly visible: number | undefined;
  readonly problem: string | undefined;
}

/** Asks until enough is visible, nothing more comes, or the signal aborts. */
export async function waitUntilVisible(options: VisibleOptions): Promise<Visible> {
  const { expected, stallMs, signal, ticker } = options;
  const start = ticker.now();
  let visible: number | undefined;
  let problem: string | undefined;
  let progressAt = start;
  while (!signal?.aborted) {
    try {
      const count = await options.count();
      problem = undefined;
      if (visible === undefined || count > visible) progressAt = ticker.now();
      visible = count;
      options.onCount?.(visible);
    } catch (error) {
      problem = reasonOf(error);
    }
    if ((visible ?? -1) >= expected || ticker.now() - progressAt >= stallMs) break;
    const pause = (ticker.now() - start) * PAUSE_SHARE;
    // Only the signal ends it early, and the next round looks at that.
    await ticker.delay(Math.min(Math.max(pause, MIN_PAUSE_MS), MAX_PAUSE_MS), signal).catch(() => undefined);
  }
  return { visible, problem };
}

import { reasonOf } from '@records/cli';
import type { Ticker } from '../ticker.ts';

/** Bounds of the pause between two counts. */
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
/** The pause is this share of the time spent, so a measured rate is off by at most as much. */
const PAUSE_SHARE = 0.05;

export interface VisibleOptions {
  /** Counts the visible records. */
  count(): Promise<number>;
  /** Ends the wait when this many are visible. */
  readonly expected: number;
  /** Ends the wait when no more became visible for this long, in milliseconds. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly ticker: Ticker;
  onCount?(visible: number): void;
}

/** The last count; `problem` says why the last attempt to count failed. */
interface Visible {
  readonly visible: number | undefined;
  readonly problem: string | undefined;
}

/** Counts until enough is visible, nothing more arrives, or the signal aborts. */
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
    // Only the signal ends it early, and the loop checks it.
    await ticker.delay(Math.min(Math.max(pause, MIN_PAUSE_MS), MAX_PAUSE_MS), signal).catch(() => undefined);
  }
  return { visible, problem };
}

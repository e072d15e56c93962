import { percent } from '../../shared/report.ts';
import { median, percentile } from '../../shared/statistics.ts';

/** The promises of the console, while messages arrive. */
const CLICK_MS = 100;
const HEAP_MB = 50;
const LEAST_RATIO = 0.95;
/** The console may delay the start by this share. */
const START_SHARE = 0.05;

export interface Figures {
  /** From each click until its answer was on the screen, in milliseconds. */
  readonly answered: readonly number[];
  /** The page's heap, looked at each second. MB. */
  readonly heaps: readonly number[];
  /** Of each pair: messages a second with the page, by those without it. */
  readonly ratios: readonly number[];
  /** Milliseconds until the stack was ready, and those that the console took then. */
  readonly stackMs: number;
  readonly consoleMs: number;
}

/** A sentence for each broken promise. */
export function brokenPromises({ answered, heaps, ratios, stackMs, consoleMs }: Figures): string[] {
  const p99 = percentile(answered, 0.99);
  const heap = Math.max(...heaps);
  const ratio = median(ratios);
  const share = consoleMs / stackMs;
  return [
    !(p99 <= CLICK_MS) && `a click is answered after ${p99.toFixed(0)} ms (p99); ${CLICK_MS} ms is promised`,
    !(heap < HEAP_MB) && `the page's heap is ${heap.toFixed(0)} MB; less than ${HEAP_MB} MB is promised`,
    !(ratio >= LEAST_RATIO) &&
      `with the page, ${percent(ratio)} of the messages arrive; at least ${percent(LEAST_RATIO)} is promised`,
    !(share <= START_SHARE) &&
      `the console delays the start by ${percent(share)}; at most ${percent(START_SHARE)} is promised`,
  ].filter((sentence) => sentence !== false);
}

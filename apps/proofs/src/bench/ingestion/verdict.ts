import { percent } from '../../shared/report.ts';

/** The promised rate on disk, as a multiple of the rate of Google's emulator. */
const LEAST_RATIO = 2.5;
/** The promised limit of `spreadOf`. */
const MOST_SPREAD = 0.2;

/** How far the slowest rate lies below the fastest, from 0 to 1. */
export function spreadOf(rates: readonly number[]): number {
  const fastest = Math.max(...rates);
  return (fastest - Math.min(...rates)) / fastest;
}

/** Each rate as a multiple of the base at the same position. */
export function ratiosOf(rates: readonly number[], base: readonly number[]): number[] {
  return rates.map((rate, n) => rate / (base[n] ?? Number.NaN));
}

/** Records per second, for the same counts. */
export interface Rates {
  readonly disk: readonly number[];
  readonly memory: readonly number[];
  /** Google's emulator, where it is installed. */
  readonly emulator?: readonly number[] | undefined;
}

/** A sentence for each broken promise. */
export function brokenPromises({ disk, memory, emulator }: Rates): string[] {
  if (disk.length === 0 || memory.length === 0) return ['nothing was measured'];
  const broken = Object.entries({ 'on disk': disk, 'in memory': memory })
    .filter(([, rates]) => spreadOf(rates) > MOST_SPREAD)
    .map(
      ([place, rates]) =>
        `${place}, rates differ by ${percent(spreadOf(rates))}; at most ${percent(MOST_SPREAD)} is promised`,
    );
  const least = emulator && Math.min(...ratiosOf(disk, emulator));
  if (least !== undefined && !(least >= LEAST_RATIO))
    broken.push(
      `on disk, the rate is ${least.toFixed(2)} times that of Google's emulator; at least ${LEAST_RATIO} is promised`,
    );
  return broken;
}

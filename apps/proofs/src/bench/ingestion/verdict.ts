/** What is promised of a local cloud that writes to disk, as a multiple of what Google's emulator does. */
export const LEAST_RATIO = 2.5;
/** What is promised of rates between the fewest and the most records. */
export const MOST_SPREAD = 0.2;

/** How far the slowest rate is below the fastest, from 0 to 1; 0 for one rate. */
export function spreadOf(rates: readonly number[]): number {
  const fastest = Math.max(...rates);
  return (fastest - Math.min(...rates)) / fastest;
}

/** The multiples of `base`, size by size. */
export function ratiosOf(rates: readonly number[], base: readonly number[]): number[] {
  return rates.map((rate, n) => rate / (base[n] ?? Number.NaN));
}

/** Rates of the same sizes, each per second. */
export interface Rates {
  readonly disk: readonly number[];
  readonly memory: readonly number[];
  /** Of Google's emulator, where it is installed. */
  readonly emulator?: readonly number[] | undefined;
}

/** The promises that are not kept, each as a sentence. */
export function brokenPromises({ disk, memory, emulator }: Rates): string[] {
  const broken = Object.entries({ 'on disk': disk, 'in memory': memory })
    .filter(([, rates]) => spreadOf(rates) > MOST_SPREAD)
    .map(
      ([place, rates]) =>
        `${place}, rates differ by ${percent(spreadOf(rates))}, not by ${percent(MOST_SPREAD)} at most`,
    );
  const least = emulator && Math.min(...ratiosOf(disk, emulator));
  if (least !== undefined && !(least >= LEAST_RATIO))
    broken.push(
      `on disk it is ${least.toFixed(2)} times as fast as Google's emulator, not at least ${LEAST_RATIO}`,
    );
  return broken;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

import { SeederError } from './errors.ts';
import { grouped } from './format.ts';

export const MAX_COUNT = 100_000_000;
export const MAX_SEED = Number.MAX_SAFE_INTEGER;
export const MAX_WAIT_SECONDS = 3_600;
export const DEFAULT_WAIT_SECONDS = 120;
export const MAX_RATE = 1_000_000;

/** Records of a run. Throws SeederError. */
export const checkCount = (value: number | string): number => whole('count', value, 1, MAX_COUNT);

/** Throws SeederError. */
export const checkSeed = (value: number | string): number => whole('seed', value, 0, MAX_SEED);

/** Seconds. Throws SeederError. */
export const checkWait = (value: number | string): number => whole('wait', value, 1, MAX_WAIT_SECONDS);

/** Messages per second. Throws SeederError. */
export const checkRate = (value: number | string): number => whole('rate', value, 1, MAX_RATE);

function whole(name: string, value: number | string, min: number, max: number): number {
  // Digits only: Number() would also take "", "1e3", "0x10" and " 7 ".
  const number = typeof value === 'number' || /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
  throw new SeederError(
    `${name} must be a whole number from ${grouped(min)} to ${grouped(max)}, got ${JSON.stringify(value)}`,
  );
}

import { UserError } from '@records/cli';
import { grouped } from './format.ts';

export const MAX_COUNT = 100_000_000;
export const MAX_SEED = Number.MAX_SAFE_INTEGER;
export const MAX_WAIT_SECONDS = 3_600;
export const DEFAULT_WAIT_SECONDS = 120;
export const MAX_RATE = 1_000_000;

/** Throws UserError unless `value` is a whole number from `min` to `max`. */
export function checkWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new UserError(`${name} must be a whole number from ${grouped(min)} to ${grouped(max)}, got ${value}`);
}

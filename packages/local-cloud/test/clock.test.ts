import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../src/clock.ts';

const HOUR_MS = 3_600_000;

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the clock of the local cloud', () => {
  it('starts at the wall clock', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });

  it.each([-HOUR_MS, HOUR_MS])('goes on when somebody moves the wall clock by %d ms', (ms) => {
    const before = systemClock.now();
    const wall = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(wall + ms);
    const passed = systemClock.now() - before;
    expect(passed).toBeGreaterThanOrEqual(0);
    expect(passed).toBeLessThan(1_000);
  });
});

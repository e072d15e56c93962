import { describe, expect, it } from '@jest/globals';
import { Pace } from '@records/api/testing';
import { billOf } from '../src/bench/bill.ts';

const GIB = 2 ** 30;
const WINDOW_MS = 60_000;
const paceOf = (gibPerMonth: number) => new Pace({ windowMs: WINDOW_MS, gibPerMonth, timePercent: 10 });

describe('the bill of a month', () => {
  it.each([1 / 1_024, 1, 10, 100, 1_024])('stays within the budget for a table of %d GiB', (gib) => {
    expect(billOf(gib * GIB, paceOf(4_096)).bytes).toBeLessThanOrEqual(4_096 * GIB);
  });

  it('buys a list each window for a small table, and fewer for a large one', () => {
    const small = billOf(GIB / 1_024, paceOf(4_096));
    // Each query is billed for at least 10 MiB.
    expect(small).toEqual({ bytes: 43_200 * 10 * 2 ** 20, periodMs: WINDOW_MS });
    const [large, larger] = [billOf(10 * GIB, paceOf(4_096)), billOf(100 * GIB, paceOf(4_096))];
    expect(large.periodMs).toBeGreaterThan(10 * WINDOW_MS);
    expect(larger.periodMs).toBeGreaterThan(large.periodMs);
  });

  it('buys more lists for a larger budget', () => {
    expect(billOf(10 * GIB, paceOf(40_960)).periodMs).toBeLessThan(billOf(10 * GIB, paceOf(4_096)).periodMs);
  });
});

import { describe, expect, it } from '@jest/globals';
import { billOf } from '@records/api/bill';
import { billOfGrowing } from '../src/bench/bill.ts';

const GIB = 2 ** 30;
const WINDOW_MS = 60_000;
const paceOf = (gibPerMonth: number) => ({ windowMs: WINDOW_MS, gibPerMonth });

describe('the bill of a month', () => {
  it.each([1 / 1_024, 1, 10, 100, 1_024])('stays within the budget for a table of %d GiB', (gib) => {
    expect(billOfGrowing(gib * GIB, paceOf(4_096)).bytes).toBeLessThanOrEqual(4_096 * GIB);
  });

  it('buys a list each window for a small table, and fewer for a large one', () => {
    const small = billOfGrowing(GIB / 1_024, paceOf(4_096));
    // Each query is billed for at least 10 MiB.
    expect(small).toMatchObject({ bytes: 43_200 * 10 * 2 ** 20, periodMs: WINDOW_MS, bases: 43_200 });
    const [large, larger] = [billOfGrowing(10 * GIB, paceOf(4_096)), billOfGrowing(100 * GIB, paceOf(4_096))];
    expect(large.periodMs).toBeGreaterThan(10 * WINDOW_MS);
    expect(larger.periodMs).toBeGreaterThan(large.periodMs);
  });

  it('buys more lists for a larger budget', () => {
    expect(billOfGrowing(10 * GIB, paceOf(40_960)).periodMs).toBeLessThan(
      billOfGrowing(10 * GIB, paceOf(4_096)).periodMs,
    );
  });

  it('has four lists a day of a table that does not change, and none without a reader', () => {
    const quiet = { ...paceOf(4_096), timePercent: 10, tableBytes: GIB, rowBytes: 60, arrivingBytes: 0 };
    expect(billOf({ ...quiet, readEveryMs: WINDOW_MS })).toMatchObject({
      bytes: 120 * GIB,
      bases: 120,
      storedBytes: 4 * GIB,
    });
    expect(billOf({ ...quiet, readEveryMs: Number.POSITIVE_INFINITY })).toMatchObject({ bases: 1 });
  });
});

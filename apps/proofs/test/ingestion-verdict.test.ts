import { describe, expect, it } from '@jest/globals';
import { brokenPromises, spreadOf } from '../src/bench/ingestion/verdict.ts';

describe('the verdict of the ingestion benchmark', () => {
  const flat = [10_000, 8_000, 9_000];

  it('accepts rates that differ by a fifth of the fastest, and no more', () => {
    expect(spreadOf(flat)).toBeCloseTo(0.2);
    expect(spreadOf([7])).toBe(0);
    expect(brokenPromises({ disk: flat, memory: flat })).toEqual([]);
    expect(brokenPromises({ disk: [10_000, 7_990], memory: flat })).toEqual([
      'on disk, rates differ by 20.1 %; at most 20.0 % is promised',
    ]);
    expect(brokenPromises({ disk: flat, memory: [5_000, 10_000] })).toEqual([
      'in memory, rates differ by 50.0 %; at most 20.0 % is promised',
    ]);
  });

  it('accepts no run that measured nothing', () => {
    expect(brokenPromises({ disk: [], memory: [] })).toEqual(['nothing was measured']);
  });

  it("expects two and a half times the rate of Google's emulator at every size, where it is installed", () => {
    const judge = (emulator: readonly number[]) => brokenPromises({ disk: flat, memory: flat, emulator });
    expect(judge([4_000, 3_200, 3_600])).toEqual([]);
    expect(judge([4_000, 3_300, 3_600])).toEqual([
      "on disk, the rate is 2.42 times that of Google's emulator; at least 2.5 is promised",
    ]);
  });
});

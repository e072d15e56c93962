import { describe, expect, it } from '@jest/globals';
import { brokenPromises, spreadOf } from '../bench/ingestion/verdict.ts';

describe('the verdict of the ingestion benchmark', () => {
  const flat = [10_000, 8_000, 9_000];

  it('takes rates that differ by a fifth of the fastest, and no more', () => {
    expect(spreadOf(flat)).toBeCloseTo(0.2);
    expect(spreadOf([7])).toBe(0);
    expect(brokenPromises({ disk: flat, memory: flat })).toEqual([]);
    expect(brokenPromises({ disk: [10_000, 7_990], memory: flat })).toEqual([
      'on disk, rates differ by 20.1 %, not by 20.0 % at most',
    ]);
    expect(brokenPromises({ disk: flat, memory: [5_000, 10_000] })).toEqual([
      'in memory, rates differ by 50.0 %, not by 20.0 % at most',
    ]);
  });

  it("wants two and a half times Google's emulator at every size, where that is installed", () => {
    const judge = (emulator: readonly number[]) => brokenPromises({ disk: flat, memory: flat, emulator });
    expect(judge([4_000, 3_200, 3_600])).toEqual([]);
    expect(judge([4_000, 3_300, 3_600])).toEqual([
      "on disk it is 2.42 times as fast as Google's emulator, not at least 2.5",
    ]);
  });
});

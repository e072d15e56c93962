import { describe, expect, it } from '@jest/globals';
import { readOptions } from '../src/options.ts';
import { UsageError } from '../src/usage-error.ts';

const chaosOf = (text: string) => readOptions([`--chaos=${text}`], {}).chaos;

describe('pnpm dev --chaos', () => {
  it('is off unless it is asked for', () => {
    expect(readOptions([], {}).chaos).toBeUndefined();
  });

  it('takes probabilities and a seed', () => {
    expect(chaosOf('redeliver=0.05,reorder=1,delay=0,fail-writes=0.5,slow-writes=0.1,seed=7')).toEqual({
      redeliver: 0.05,
      reorder: 1,
      delay: 0,
      failWrites: 0.5,
      slowWrites: 0.1,
      seed: 7,
    });
  });

  it('names every mistake with its rule', () => {
    const mistakes = () => chaosOf('redeliver=5%,reorder=1.5,lose=1,seed=-1,delay=0.1,delay=0.2');
    expect(mistakes).toThrow(UsageError);
    expect(mistakes).toThrow(
      [
        '--chaos redeliver=5%: redeliver must be a probability from 0 to 1, as in redeliver=0.05',
        '--chaos reorder=1.5: reorder must be a probability from 0 to 1, as in reorder=0.05',
        '--chaos knows no "lose": it takes redeliver, reorder, delay, fail-writes, slow-writes, seed',
        '--chaos seed=-1: seed must be an integer from 0 to 4294967295, as in seed=7',
        '--chaos has delay twice',
      ].join('\n'),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { readChaos } from '../src/chaos-option.ts';

describe('pnpm dev --chaos', () => {
  it('takes probabilities and a seed', () => {
    expect(readChaos('redeliver=0.05,reorder=1,delay=0,fail-writes=0.5,slow-writes=0.1,seed=7')).toEqual({
      redeliver: 0.05,
      reorder: 1,
      delay: 0,
      failWrites: 0.5,
      slowWrites: 0.1,
      seed: 7,
    });
  });

  it('names every mistake with its rule', () => {
    expect(() => readChaos('redeliver=5%,reorder=1.5,lose=1,seed=-1,delay=0.1,delay=0.2')).toThrow(
      [
        '"redeliver=5%": redeliver must be a probability from 0 to 1, as in redeliver=0.05',
        '"reorder=1.5": reorder must be a probability from 0 to 1, as in reorder=0.05',
        'unknown setting "lose"; the settings are redeliver, reorder, delay, fail-writes, slow-writes, seed',
        '"seed=-1": seed must be an integer from 0 to 4294967295, as in seed=7',
        'delay is given twice',
      ].join('\n'),
    );
  });
});

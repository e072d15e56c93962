import { expect, it } from '@jest/globals';
import { benchFuzz } from '../src/bench/fuzz.ts';

const FEW = 50;

it('bench fuzz sends its requests, and none is answered wrongly', () => {
  expect(benchFuzz(FEW)).toEqual([]);
}, 120_000);

import { expect, it } from '@jest/globals';
import { brokenPromises } from '../src/bench/console/verdict.ts';

const kept = {
  answered: [40, 100],
  heaps: [4, 49.9],
  ratios: [0.9, 0.95, 1],
  stackMs: 4_000,
  consoleMs: 200,
};

it('keeps the promises of the console at their limits', () => {
  expect(brokenPromises(kept)).toEqual([]);
});

it.each([
  [{ answered: [101] }, 'a click is answered after 101 ms (p99); 100 ms is promised'],
  [{ answered: [] }, 'a click is answered after NaN ms (p99); 100 ms is promised'],
  [{ heaps: [4, 50] }, "the page's heap is 50 MB; less than 50 MB is promised"],
  [{ ratios: [0.9, 0.94, 1] }, 'with the page, 94.0 % of the messages arrive; at least 95.0 % is promised'],
  [{ consoleMs: 201 }, 'the console delays the start by 5.0 %; at most 5.0 % is promised'],
])('breaks one with %j', (figures, sentence) => {
  expect(brokenPromises({ ...kept, ...figures })).toEqual([sentence]);
});

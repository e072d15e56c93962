import { describe, expect, it } from '@jest/globals';
import { idPrefix, idRanges, recordId, recordIndex, runOf, scramble } from '../src/ids.ts';

describe('scramble', () => {
  it.each([2, 8, 16])('visits every number of %i bits once', (bits) => {
    for (const key of [0, 1, 0xdeadbeef]) {
      const visited = new Set(Array.from({ length: 2 ** bits }, (_, index) => scramble(index, key, bits)));
      expect(visited.size).toBe(2 ** bits);
      expect(Math.max(...visited)).toBe(2 ** bits - 1);
    }
  });

  it('stays below 2^40 at the end of the longest run', () => {
    const value = scramble(100_000_000, 0xffffffff, 40);
    expect(Number.isSafeInteger(value)).toBe(true);
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(2 ** 40);
  });
});

describe('the ids of a run', () => {
  const run = runOf(42, 'latam', 1);
  const ids = Array.from({ length: 200_000 }, (_, index) => recordId(run, index));

  it('are 200,000 different texts', () => {
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are the key of the run and 8 characters, safe in a URL', () => {
    expect(ids.filter((id) => !/^[0-9a-hjkmnp-tv-z]{8}-[0-9a-hjkmnp-tv-z]{8}$/.test(id))).toEqual([]);
    expect(ids.filter((id) => !id.startsWith(idPrefix(run)))).toEqual([]);
  });

  it('are in no order: about half of them are below the one before', () => {
    const falls = ids.filter((id, index) => id < (ids[index - 1] ?? '')).length;
    expect(falls / ids.length).toBeCloseTo(0.5, 1);
  });

  it('lead back to their numbers, and ids of other runs to none', () => {
    for (const [index, id] of ids.entries()) if (recordIndex(run, id) !== index) throw new Error(id);
    expect(recordIndex(run, recordId(run, 99_999_999))).toBe(99_999_999);
    for (const other of [
      '',
      idPrefix(run),
      `${ids[0]}0`,
      `${idPrefix(run)}0000000u`,
      recordId(runOf(43, 'latam', 1), 0),
    ]) {
      expect(recordIndex(run, other)).toBeUndefined();
    }
  });

  it.each([1, 2, 7, 40])('fall each into one of %i ranges, evenly', (parts) => {
    const ranges = [...idRanges(run, parts)];
    const sizes = ranges.map(({ from, to }) => ids.filter((id) => id >= from && id < to).length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(ids.length);
    expect(Math.min(...sizes)).toBeGreaterThan((ids.length / parts) * 0.9);
  });

  it.each([
    ['seed', runOf(43, 'latam', 1)],
    ['largest seed', runOf(Number.MAX_SAFE_INTEGER, 'latam', 1)],
    ['locale', runOf(42, 'es', 1)],
    ['version of the generator', runOf(42, 'latam', 2)],
  ])('have another key for another %s', (_, other) => {
    expect(other.key).not.toBe(run.key);
  });
});

import { hash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { DigestSet } from '../src/warehouse/lists/digest-set.ts';

const digest = (id: number) => hash('sha256', String(id), 'buffer');

/** The digests of 0 to `count` - 1, in an order of its own. */
function setOf(count: number, expected: number, step = 1): DigestSet {
  const set = new DigestSet(expected);
  for (let n = 0; n < count; n++) set.add(digest((n * step) % count));
  return set;
}

it('a set of digests finds each one that was added, and no other, however many were expected', () => {
  for (const expected of [0, 10, 5_000]) {
    const set = setOf(5_000, expected);
    expect(set.size).toBe(5_000);
    for (let id = 0; id < 5_000; id++) expect(set.has(digest(id))).toBe(true);
    for (let id = 5_000; id < 10_000; id++) expect(set.has(digest(id))).toBe(false);
  }
});

it('the fingerprint of a set of digests does not depend on their order, and changes with each digest', () => {
  const { fingerprint } = setOf(5_000, 10);
  expect(setOf(5_000, 5_000, 7).fingerprint).toBe(fingerprint);
  const again = setOf(5_000, 10);
  again.add(digest(7));
  expect(again.fingerprint).toBe(fingerprint);
  again.add(digest(5_000));
  expect(again.fingerprint).not.toBe(fingerprint);
});

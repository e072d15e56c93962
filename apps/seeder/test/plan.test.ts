import { describe, expect, it } from '@jest/globals';
import { decodeRecord, InvalidRecordError } from '@records/records-schema';
import { type Kind, Plan } from '../src/plan.ts';

const mix = { duplicates: 0.05, conflicts: 0.02, invalid: 0.01, poison: 0.01 };
const plan = new Plan({ seed: 42, locale: 'latam', mix });
const COUNT = 50_000;
const kinds = Array.from({ length: COUNT }, (_, index) => plan.kindAt(index));
const indexes = (kind: Kind) => kinds.flatMap((other, index) => (other === kind ? [index] : []));
const text = (index: number) => Buffer.from(plan.messageAt(index)).toString();

describe('the plan of a mixed run', () => {
  it('has the requested share of each kind', () => {
    for (const [kind, share] of [
      ['duplicate', mix.duplicates],
      ['conflict', mix.conflicts],
      ['invalid', mix.invalid],
      ['poison', mix.poison],
    ] as const) {
      expect(indexes(kind).length / COUNT / share).toBeCloseTo(1, 0);
    }
  });

  it('makes any message without those before it', () => {
    const other = new Plan({ seed: 42, locale: 'latam', mix });
    for (const index of [40_000, 7, 12_345, 0]) expect(other.messageAt(index)).toEqual(plan.messageAt(index));
    expect([...other.messages(100)]).toEqual(
      Array.from({ length: 100 }, (_, index) => plan.messageAt(index)),
    );
  });

  it('repeats earlier records, byte for byte, as duplicates', () => {
    for (const index of indexes('duplicate')) {
      const original = plan.originalOf(index) ?? Number.NaN;
      expect(original).toBeLessThan(index);
      expect(kinds[original]).toBe('record');
      expect(text(index)).toBe(text(original));
    }
  });

  it('contradicts earlier records, under their ids, in conflicts', () => {
    for (const index of indexes('conflict')) {
      const original = plan.rowAt(plan.originalOf(index) ?? Number.NaN);
      const { id, ...content } = decodeRecord(plan.messageAt(index));
      expect(id).toBe(original.id);
      expect({ ...content, id }).not.toEqual(original);
    }
  });

  it('has no other invalid message, and no record twice', () => {
    const ids = indexes('record').map((index) => decodeRecord(plan.messageAt(index)).id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const kind of ['invalid', 'poison'] as const) {
      for (const index of indexes(kind)) {
        expect(() => decodeRecord(plan.messageAt(index))).toThrow(InvalidRecordError);
      }
    }
  });

  it('shares no id with a pure run of the same seed, or one of other shares', () => {
    const keys = [undefined, mix, { ...mix, poison: 0.02 }].map(
      (mix) => new Plan({ seed: 42, locale: 'latam', mix }).people.run.key,
    );
    expect(new Set(keys).size).toBe(3);
  });
});

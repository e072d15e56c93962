import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Kind, Plan } from '../src/plan.ts';
import { Ledger } from '../src/reconcile/ledger.ts';

const COUNT = 1_000;
const plan = new Plan({
  seed: 1,
  locale: 'latam',
  mix: { duplicates: 0.1, conflicts: 0.1, invalid: 0.05, poison: 0.05 },
});
const indexes = (kind: Kind) =>
  Array.from({ length: COUNT }, (_, index) => index).filter((index) => plan.kindAt(index) === kind);
const sizes = {
  stored: indexes('record').length,
  duplicates: indexes('duplicate').length,
  conflicts: indexes('conflict').length,
  refused: indexes('invalid').length,
  deadLettered: indexes('poison').length,
};
const well = { ...sizes, missing: 0, redelivered: 0 };

let ledger: Ledger;
beforeEach(() => {
  ledger = new Ledger(plan, COUNT);
  ledger.assumeSent();
});

/** Shows every message where it belongs, except those to leave out. */
function see(without: readonly number[] = []): void {
  for (let index = 0; index < COUNT; index += 1) {
    if (without.includes(index)) continue;
    const kind = plan.kindAt(index);
    if (kind === 'poison') ledger.deadLetter(plan.rowAt(index));
    else if (kind !== 'invalid') ledger.row({ row: plan.rowAt(index), times: 1 });
  }
}
const differences = (replays = false) => [...ledger.differences({ replays })];
const [record = -1] = indexes('record').filter(
  (index) => !indexes('duplicate').some((other) => plan.originalOf(other) === index),
);
const [duplicate = -1] = indexes('duplicate');
const [conflict = -1] = indexes('conflict');
const [invalid = -1] = indexes('invalid');
const [poison = -1] = indexes('poison');

describe('the ledger of a run', () => {
  it('adds up to what was sent when everything is where it belongs', () => {
    see();
    expect(ledger.totals()).toEqual(well);
    expect(differences()).toEqual([]);
    expect(ledger.toCome()).toEqual({
      rows: sizes.stored + sizes.duplicates + sizes.conflicts,
      ids: sizes.stored,
      dead: sizes.deadLettered,
    });
  });

  it.each([
    ['record', record, { stored: sizes.stored - 1 }],
    ['duplicate', duplicate, { duplicates: sizes.duplicates - 1 }],
    ['conflict', conflict, { conflicts: sizes.conflicts - 1 }],
    ['poison', poison, { deadLettered: sizes.deadLettered - 1 }],
  ])('names a %s that is nowhere', (_, index, less) => {
    see([index]);
    expect(ledger.totals()).toEqual({ ...well, ...less, missing: 1 });
    const { id } = plan.rowAt(index);
    expect(differences()).toEqual([
      { id, problem: 'is neither in the table nor in the dead letters', messages: 1 },
    ]);
  });

  it('counts what was refused as refused, and names it when it is valid', () => {
    ledger = new Ledger(plan, COUNT);
    ledger.assumeSent();
    const other = new Ledger(plan, COUNT);
    for (let index = 0; index < COUNT; index += 1) {
      const isRefused = index === record || plan.kindAt(index) === 'invalid';
      other.settle(index, isRefused ? 'refused' : 'accepted');
    }
    ledger = other;
    see([record]);
    expect(ledger.totals()).toEqual({ ...well, stored: sizes.stored - 1, refused: sizes.refused + 1 });
    const { id } = plan.rowAt(record);
    expect(differences()).toEqual([
      { id, problem: 'was refused at publish, although it is valid', messages: 1 },
    ]);
  });

  it('names messages in the wrong place', () => {
    see();
    ledger.row({ row: { ...plan.rowAt(record), nombre: 'Nobody' }, times: 2 });
    ledger.row({ row: plan.rowAt(invalid), times: 1 });
    ledger.row({ row: plan.rowAt(poison), times: 1 });
    const problems = Object.fromEntries(differences().map(({ id, problem }) => [id, problem]));
    expect(problems).toEqual({
      [plan.rowAt(record).id]: 'is in the table with a content that was not sent',
      [plan.rowAt(invalid).id]: 'is in the table, although it was refused',
      [plan.rowAt(poison).id]: 'is in the table, although it is poison',
    });
  });

  it('accepts poison that was replayed into a mended table, once', () => {
    see();
    ledger.row({ row: plan.rowAt(poison), times: 1 });
    expect(differences(true).filter(({ id }) => id === plan.rowAt(poison).id)).toEqual([]);
    expect(ledger.totals()).toEqual({
      ...well,
      stored: sizes.stored + 1,
      deadLettered: sizes.deadLettered - 1,
    });
  });

  it('does not let a second delivery stand for a message that is missing', () => {
    see([record]);
    ledger.row({ row: plan.rowAt(duplicate), times: 3 });
    expect(ledger.totals()).toMatchObject({ missing: 1, redelivered: 3 });
  });

  it('leaves out messages of earlier runs and of others', () => {
    ledger.rowBefore({ row: plan.rowAt(record), times: 2 });
    ledger.deadLetterBefore(plan.rowAt(poison));
    see();
    ledger.row({ row: plan.rowAt(record), times: 1 });
    ledger.deadLetter(plan.rowAt(poison));
    expect(ledger.deadLetter({ ...plan.rowAt(poison), id: 'foreign' })).toBe(false);
    expect(ledger.totals()).toEqual({ ...well, stored: sizes.stored - 1, missing: 1 });
    ledger.forgetSeen();
    expect(ledger.totals()).toMatchObject({ stored: 0, deadLettered: 0 });
  });
});

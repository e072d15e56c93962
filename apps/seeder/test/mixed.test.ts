import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Leases } from '@records/stack/leases';
import { type Kind, Plan } from '../src/plan.ts';
import { problemsOf } from '../src/report.ts';
import { seedRecords } from '../src/seed.ts';
import { verifyRecords } from '../src/verify/verify.ts';
import { startStack, type TestStack } from './support/stack.ts';

// Whole services, on a machine that may be busy.
jest.setTimeout(60_000);

const mix = { duplicates: 0.05, conflicts: 0.02, invalid: 0.01, poison: 0.02 };
const COUNT = 2_000;
const plan = new Plan({ seed: 11, locale: 'latam', mix });
const size = (kind: Kind) =>
  Array.from({ length: COUNT }, (_, index) => plan.kindAt(index)).filter((other) => other === kind).length;
const sizes = {
  answered: COUNT,
  stored: size('record'),
  duplicates: size('duplicate'),
  conflicts: size('conflict'),
  refused: size('invalid'),
  deadLettered: size('poison'),
  missing: 0,
  differences: 0,
};

describe('a mixed run', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  it('accounts for each message, and gives the same figures when it is repeated or checked later', async () => {
    const options = { target: stack.target, count: COUNT, seed: 11, mix };
    const once = await seedRecords(options);
    expect(problemsOf(once)).toEqual([]);
    expect(once.reconciliation).toMatchObject(sizes);
    expect(once).toMatchObject({
      sent: COUNT,
      refused: sizes.refused,
      stored: sizes.stored,
      expected: sizes.stored,
    });
    const verified = await verifyRecords(options);
    expect(verified.reconciliation).toMatchObject({ ...sizes, redelivered: 0 });

    const twice = await seedRecords(options);
    expect(problemsOf(twice)).toEqual([]);
    expect(twice.reconciliation).toMatchObject(sizes);
    // The run has put every dead letter back.
    await using leases = new Leases(stack.target, stack.target.deadLetterSubscription ?? '', 100);
    expect(await leases.pull()).toHaveLength(2 * sizes.deadLettered);
  });

  it('names the messages whose subscription is gone', async () => {
    const other = await startStack();
    try {
      await other.pubsub.subscription('records-bigquery').delete();
      const result = await seedRecords({ target: other.target, count: 200, seed: 11, mix, waitSeconds: 1 });
      const { stored, missing, refused, differences, firstDifferences } = result.reconciliation ?? {};
      expect({ stored, sum: (missing ?? 0) + (refused ?? 0) }).toEqual({ stored: 0, sum: 200 });
      expect(firstDifferences).toHaveLength(10);
      expect(differences).toBeGreaterThan(150);
    } finally {
      await other.close();
    }
  });
});

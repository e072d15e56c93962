import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { decodeRecord } from '@records/records-schema';
import { Leases } from '@records/stack/leases';
import { type Kind, Plan } from '../src/plan.ts';
import type { Progress } from '../src/progress.ts';
import { problemsOf } from '../src/report.ts';
import { seedRecords } from '../src/seed.ts';
import { verifyRecords } from '../src/verify/verify.ts';
import { startStack, type TestStack } from './support/stack.ts';

// Whole services, on a machine that may be busy.
describe('seeding a stack', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  it('stores exactly the people of the seed', async () => {
    const result = await seedRecords({ target: stack.target, count: 2_500, seed: 42 });
    expect(problemsOf(result)).toEqual([]);
    expect(result).toMatchObject({ sent: 2_500, failed: 0, unconfirmed: 0, stored: 2_500, storedBefore: 0 });
    const expected = Array.from(new Plan({ seed: 42, locale: 'latam' }).messages(2_500), decodeRecord);
    const byId = (a: { id?: string }, b: { id?: string }) => ((a.id ?? '') < (b.id ?? '') ? -1 : 1);
    expect((await stack.rows()).toSorted(byId)).toEqual(expected.toSorted(byId));
  });

  it('counts the records that an earlier run of the seed stored, and no others', async () => {
    const other = await seedRecords({ target: stack.target, count: 300, seed: 7 });
    expect(other).toMatchObject({ storedBefore: 0, stored: 300 });
    const longer = await seedRecords({ target: stack.target, count: 400, seed: 7 });
    expect(longer).toMatchObject({ sent: 400, storedBefore: 300, stored: 400, expected: 400 });
    const shorter = await seedRecords({ target: stack.target, count: 10, seed: 7 });
    expect(shorter).toMatchObject({ sent: 10, storedBefore: 400, stored: 400, expected: 400 });
    expect(problemsOf(shorter)).toEqual([]);
  });

  it('reports the progress of both phases to their ends', async () => {
    const steps: Progress[] = [];
    await seedRecords({
      target: stack.target,
      count: 1_500,
      seed: 1,
      onProgress: (step) => steps.push(step),
    });
    const last = (phase: Progress['phase']) => steps.filter((step) => step.phase === phase).at(-1);
    expect(last('publishing')).toEqual({ phase: 'publishing', done: 1_500, total: 1_500 });
    expect(last('becoming visible')).toEqual({ phase: 'becoming visible', done: 1_500, total: 1_500 });
  });

  it('stops when it is interrupted, and says how much was sent', async () => {
    const controller = new AbortController();
    const result = await seedRecords({
      target: stack.target,
      count: 100_000,
      seed: 2,
      signal: controller.signal,
      publishGraceMs: 60_000,
      onProgress: () => controller.abort(),
    });
    expect(result.interrupted).toBe(true);
    expect(result.sent).toBeGreaterThan(0);
    expect(result.sent).toBeLessThan(50_000);
    expect(result).toMatchObject({ failed: 0, unconfirmed: 0 });
    expect(problemsOf(result).join()).toContain('were not sent because it was interrupted');
  });

  it.each([
    ['count', { count: 0 }],
    ['count', { count: 1.5 }],
    ['seed', { seed: -1 }],
    ['locale', { locale: 'xx' }],
    ['wait', { waitSeconds: 0 }],
  ])('refuses a bad %s: %j', async (name, options) => {
    const seeding = seedRecords({ target: stack.target, count: 1, seed: 1, ...options });
    await expect(seeding).rejects.toThrow(UserError);
    await expect(seeding).rejects.toThrow(name);
  });
});

describe('seeding a stack that refuses', () => {
  it('counts the messages whose topic is missing, with the reason', async () => {
    const stack = await startStack();
    try {
      await stack.pubsub.topic(stack.target.topic).delete();
      const result = await seedRecords({ target: stack.target, count: 1_200, seed: 1, waitSeconds: 1 });
      expect(result).toMatchObject({ sent: 0, failed: 1_200, unconfirmed: 0, stored: 0, expected: 0 });
      expect(result.reasons).toEqual([{ reason: expect.stringContaining('NOT_FOUND'), messages: 1_200 }]);
      expect(problemsOf(result).join('\n')).toMatch(/1,200 messages were refused or lost.*\n.*NOT_FOUND/);
    } finally {
      await stack.close();
    }
  });

  it('stops sending after a few requests that all failed', async () => {
    const stack = await startStack();
    try {
      await stack.pubsub.topic(stack.target.topic).delete();
      const result = await seedRecords({ target: stack.target, count: 100_000, seed: 1, waitSeconds: 1 });
      expect(result.failed).toBeGreaterThan(0);
      expect(result.failed).toBeLessThan(20_000);
      expect(problemsOf(result).join()).toContain('were not sent because of these failures');
    } finally {
      await stack.close();
    }
  });

  it('counts the messages that the schema of the topic refuses', async () => {
    const fields = ['id', 'nombre', 'apellido', 'pais', 'edad'].map((name) => ({ name, type: 'string' }));
    const stack = await startStack({
      topicSchema: JSON.stringify({ type: 'record', name: 'Record', fields }),
      columns: fields.map(({ name }) => ({ name, type: 'STRING', mode: 'REQUIRED' })),
    });
    try {
      const result = await seedRecords({ target: stack.target, count: 100, seed: 1, waitSeconds: 1 });
      expect(result).toMatchObject({ sent: 100, accepted: 0, refused: 100, failed: 0, stored: 0 });
      expect(result.reasons[0]?.reason).toContain('INVALID_ARGUMENT');
      expect(result.reconciliation).toMatchObject({ stored: 0, refused: 100, differences: 100 });
      expect(problemsOf(result).join()).toContain('was refused at publish, although it is valid');
    } finally {
      await stack.close();
    }
  });

  it('says how many records did not reach the table, and where to look', async () => {
    const stack = await startStack();
    try {
      await stack.pubsub.subscription('records-bigquery').delete();
      const result = await seedRecords({ target: stack.target, count: 50, seed: 1, waitSeconds: 1 });
      expect(result).toMatchObject({ sent: 50, stored: 0, expected: 50, visibleSeconds: undefined });
      const said = problemsOf(result).join('\n');
      expect(said).toContain('50 of 50 records did not become visible');
      expect(said).toContain(stack.target.deadLetterSubscription);
    } finally {
      await stack.close();
    }
  });

  it('sends nothing when the table cannot be read', async () => {
    const stack = await startStack();
    try {
      await stack.bigquery.dataset('records').table('records').delete();
      const seeding = seedRecords({ target: stack.target, count: 50, seed: 1 });
      await expect(seeding).rejects.toThrow(
        /table records-test\.records\.records cannot be read, so nothing was sent/,
      );
    } finally {
      await stack.close();
    }
  });

  it('gives up on an unreachable Pub/Sub after the time allowed', async () => {
    const stack = await startStack();
    const elsewhere = await startStack();
    await elsewhere.close();
    const { PUBSUB_EMULATOR_HOST = '' } = elsewhere.target.environment;
    const target = { ...stack.target, environment: { ...stack.target.environment, PUBSUB_EMULATOR_HOST } };
    try {
      const result = await seedRecords({ target, count: 10, seed: 1, publishRetryMs: 500 });
      expect(result).toMatchObject({ sent: 0, failed: 10, expected: 0 });
      expect(problemsOf(result)).not.toEqual([]);
    } finally {
      await stack.close();
    }
  });
});

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

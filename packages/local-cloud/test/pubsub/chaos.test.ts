import { describe, expect, it } from '@jest/globals';
import type { ChaosOptions } from '../../src/chaos.ts';
import { FakeClock } from '../../src/clock.ts';
import { Harness, textsOf, until } from './harness.ts';
import { Pipeline, recordOf } from './pipeline.ts';

const TEXTS = Array.from({ length: 200 }, (_, index) => String(index));

/** What a subscriber receives that acknowledges every message, in order, until the backlog is empty. */
async function received(chaos: ChaosOptions, options: { ordered?: boolean } = {}): Promise<string[]> {
  await using harness = await Harness.start({ chaos });
  await harness.topicWith({ enableMessageOrdering: options.ordered ?? false });
  await harness.publish(TEXTS, 'records', options.ordered ? { orderingKey: 'k' } : {});
  const texts: string[] = [];
  for (let second = 0; second < 20; second++) {
    for (let pulled = await harness.pull(); pulled.length > 0; pulled = await harness.pull()) {
      texts.push(...textsOf(pulled));
      await harness.ack(pulled);
    }
    await harness.clock.advance(1_000);
  }
  return texts;
}

/** A clock that moves whenever it is read, and whose timers do not fire. */
class PassingClock extends FakeClock {
  #passed = 0;

  override now(): number {
    return super.now() + ++this.#passed;
  }
}

describe('chaos', () => {
  it('is off by default', async () => {
    expect(await received({})).toEqual(TEXTS);
  });

  it('redelivers acknowledged messages, delivers each at most three times, and loses none', async () => {
    const some = await received({ redeliver: 0.2, seed: 1 });
    expect(new Set(some)).toEqual(new Set(TEXTS));
    expect(some.length).toBeGreaterThan(220);
    expect(some.length).toBeLessThan(290);
    const all = await received({ redeliver: 1 });
    expect(all).toHaveLength(600);
  });

  it('delivers in another order, and each message once', async () => {
    const texts = await received({ reorder: 0.3, seed: 1 });
    expect(texts).not.toEqual(TEXTS);
    expect([...texts].sort()).toEqual([...TEXTS].sort());
  });

  it('delivers late', async () => {
    await using harness = await Harness.start({ chaos: { delay: 1 } });
    await harness.topicWith();
    await harness.publish(TEXTS);
    expect(await harness.pull()).toEqual([]);
    await harness.clock.advance(2_500);
    const early = await harness.pull();
    expect(early.length).toBeGreaterThan(60);
    expect(early.length).toBeLessThan(140);
    await harness.clock.advance(2_500);
    expect(early.length + (await harness.pull()).length).toBe(200);
  });

  it('delivers a message that becomes due during a scan of the backlog', async () => {
    await using pipeline = await Pipeline.start({}, undefined, { reorder: 1 }, new PassingClock());
    for (const id of ['1', '2', '3']) {
      await pipeline.harness.publish([recordOf(id)]);
      await pipeline.drained();
    }
    expect(pipeline.warehouse.rows.map(({ id }) => id)).toEqual(['1', '2', '3']);
  });

  it('keeps the order of an ordering key', async () => {
    const texts = await received({ reorder: 0.5, delay: 0.5, redeliver: 0.1, seed: 1 }, { ordered: true });
    const firsts = texts.filter((text, index) => texts.indexOf(text) === index);
    expect(firsts).toEqual(TEXTS);
    expect(texts.length).toBeGreaterThan(200);
  });

  it('makes the same decisions for the same seed, and different ones for another seed', async () => {
    const chaos = { redeliver: 0.1, reorder: 0.1, delay: 0.1 };
    const [first, again, other] = await Promise.all([
      received({ ...chaos, seed: 7 }),
      received({ ...chaos, seed: 7 }),
      received({ ...chaos, seed: 8 }),
    ]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('fails writes and loses answers: some rows are written twice, and none is lost', async () => {
    await using pipeline = await Pipeline.start({}, undefined, { failWrites: 0.5, slowWrites: 0.2, seed: 3 });
    const { harness, warehouse } = pipeline;
    for (let index = 0; index < 40; index++) {
      await harness.publish([recordOf(String(index))]);
      await harness.clock.advance(100);
    }
    await until(async () => {
      await harness.clock.advance(1_000);
      return (await pipeline.backlog()) === 0;
    });
    const ids = warehouse.rows.map(({ id }) => id);
    expect(new Set(ids).size).toBe(40);
    expect(ids.length).toBeGreaterThan(new Set(ids).size);
    expect(harness.warnings.join()).toMatch(/Chaos lost the (answer to|rows of) write \d+/);
  });

  it('dead-letters nothing by itself: it spares the last delivery attempt', async () => {
    await using pipeline = await Pipeline.start({}, undefined, { failWrites: 1, redeliver: 1 });
    const { harness, warehouse } = pipeline;
    await harness.publish([recordOf('1'), recordOf('poison', { edad: '41' })]);
    await until(async () => {
      await harness.clock.advance(60_000);
      return (await pipeline.backlog()) === 0;
    });
    expect(new Set(warehouse.rows.map(({ id }) => id))).toEqual(new Set(['1']));
    const deadLetters = (await harness.pull('graveyard')).map(({ text }) => JSON.parse(text).id);
    expect(deadLetters).toEqual(['poison']);
  });
});

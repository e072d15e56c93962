import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { errorOf, Harness, subscriptionName, textsOf, topicName, until } from './harness.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
const snapshotName = (id: string) => `projects/local/snapshots/${id}`;

/** A snapshot of a subscription with one acknowledged and two unacknowledged messages. */
async function withSnapshot(path?: string): Promise<Harness> {
  const harness = await Harness.start(path === undefined ? {} : { path });
  await harness.topicWith();
  await harness.publish(['acknowledged', 'first', 'second']);
  await harness.ack((await harness.pull()).slice(0, 1));
  await harness.client.subscription('reader').createSnapshot('before');
  return harness;
}

const seek = (harness: Harness, id = 'reader', snapshot = 'before') =>
  harness.subscriber.seek({ subscription: subscriptionName(id), snapshot: snapshotName(snapshot) });

describe('a snapshot', () => {
  it('returns what was not acknowledged when it was made, and what was published since', async () => {
    await using harness = await withSnapshot();
    await harness.publish(['later']);
    await harness.topicWith({}, 'records', 'other');
    await harness.publish(['last']);
    await harness.ack(await harness.pull('other'), 'other');
    await seek(harness);
    await harness.ack(await harness.pull());
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(0);
    for (const id of ['reader', 'other']) {
      await seek(harness, id);
      expect(textsOf(await harness.pull(id))).toEqual(['first', 'second', 'later', 'last']);
    }
  });

  it('acknowledges what its own subscription had acknowledged, and passes the filter of another', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.topicWith({ filter: 'attributes.kind = "good"' }, 'records', 'other');
    await harness.publish(['old'], 'records', { attributes: { kind: 'good' } });
    await harness.ack(await harness.pull());
    await harness.client.subscription('reader').createSnapshot('before');
    await harness.publish(['good'], 'records', { attributes: { kind: 'good' } });
    await harness.publish(['bad'], 'records', { attributes: { kind: 'bad' } });
    await seek(harness, 'other');
    expect(textsOf(await harness.pull('other'))).toEqual(['good']);
  });

  it('is read, updated, listed by project and by topic, and deleted', async () => {
    await using harness = await withSnapshot();
    const { subscriber, publisher } = harness;
    const snapshot = snapshotName('before');
    const expireTime = { seconds: String((harness.clock.now() + WEEK_MS) / 1e3), nanos: 0 };
    const expected = { name: snapshot, topic: topicName('records'), expireTime };
    expect((await subscriber.getSnapshot({ snapshot }))[0]).toMatchObject(expected);
    const [updated] = await subscriber.updateSnapshot({
      snapshot: { name: snapshot, labels: { a: 'b' } },
      updateMask: { paths: ['labels'] },
    });
    expect(updated).toMatchObject({ ...expected, labels: { a: 'b' } });
    expect((await subscriber.listSnapshots({ project: 'projects/local' }))[0]).toMatchObject([expected]);
    expect((await publisher.listTopicSnapshots({ topic: topicName('records') }))[0]).toEqual([snapshot]);
    expect(
      await errorOf(subscriber.createSnapshot({ name: snapshot, subscription: subscriptionName('reader') })),
    ).toMatchObject({ code: 6 });
    await subscriber.deleteSnapshot({ snapshot });
    expect(await errorOf(seek(harness))).toMatchObject({ code: 5 });
  });

  it('is not emptied by an acknowledgement that was on its way', async () => {
    await using harness = await withSnapshot();
    await harness.publish(['later']);
    const early = await harness.pull();
    await seek(harness);
    await harness.ack(early);
    expect(textsOf(await harness.pull())).toEqual(['first', 'second', 'later']);
  });

  it('is refused for a subscription of another topic', async () => {
    await using harness = await withSnapshot();
    await harness.topicWith({}, 'others', 'stranger');
    expect(await errorOf(seek(harness, 'stranger'))).toMatchObject({
      code: 3,
      details: expect.stringContaining('is of another topic'),
    });
  });

  it('outlives a restart and the deletion of its subscription', async () => {
    const path = await mkdtemp(join(tmpdir(), 'snapshots-'));
    try {
      {
        await using harness = await withSnapshot(path);
        await harness.subscriber.deleteSubscription({ subscription: subscriptionName('reader') });
      }
      await using harness = await Harness.start({ path });
      await harness.publish(['later']);
      await harness.topicWith({}, 'records', 'next');
      await seek(harness, 'next');
      expect(textsOf(await harness.pull('next'))).toEqual(['first', 'second', 'later']);
    } finally {
      await rm(path, { recursive: true });
    }
  });

  it('expires a week after its oldest message', async () => {
    await using harness = await withSnapshot();
    await harness.clock.advance(WEEK_MS - 60_000);
    expect((await harness.subscriber.listSnapshots({ project: 'projects/local' }))[0]).toHaveLength(1);
    await harness.clock.advance(120_000);
    await until(async () => {
      const [snapshots] = await harness.subscriber.listSnapshots({ project: 'projects/local' });
      return snapshots.length === 0;
    });
  });

  it('cannot be made of a message that expires within the hour', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ messageRetentionDuration: { seconds: 31 * 24 * 3_600 } });
    await harness.publish(['old']);
    await harness.clock.advance(WEEK_MS - 60_000);
    const request = { name: snapshotName('late'), subscription: subscriptionName('reader') };
    expect(await errorOf(harness.subscriber.createSnapshot(request))).toMatchObject({ code: 9 });
  });
});

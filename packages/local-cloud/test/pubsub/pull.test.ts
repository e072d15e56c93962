import { describe, expect, it } from '@jest/globals';
import { errorOf, Harness, subscriptionName, textsOf, topicName, until } from './harness.ts';

describe('pull and acknowledge', () => {
  it('delivers each message to every subscription of the topic, and not again after its acknowledgement', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.topicWith({}, 'records', 'other');
    await harness.publish(['a', 'b']);
    const pulled = await harness.pull();
    expect(textsOf(pulled)).toEqual(['a', 'b']);
    await harness.ack(pulled);
    await harness.clock.advance(60_000);
    expect(await harness.pull()).toEqual([]);
    expect(textsOf(await harness.pull('other'))).toEqual(['a', 'b']);
  });

  it('delivers no message published before the subscription was created', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    await harness.publish(['before']);
    await harness.topicWith();
    await harness.publish(['after']);
    expect(textsOf(await harness.pull())).toEqual(['after']);
  });

  it('redelivers when the ack deadline expires, and not earlier', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ ackDeadlineSeconds: 20 });
    await harness.publish(['a']);
    await harness.pull();
    await harness.clock.advance(19_999);
    expect(await harness.pull()).toEqual([]);
    await harness.clock.advance(1);
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });

  it('does not redeliver while the ack deadline is extended', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    const pulled = await harness.pull();
    await harness.modify(pulled, 600);
    await harness.clock.advance(599_000);
    expect(await harness.pull()).toEqual([]);
    await harness.clock.advance(1_000);
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });

  it('redelivers at once after a negative acknowledgement', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a', 'b']);
    const [first] = await harness.pull();
    await harness.modify(first ? [first] : [], 0);
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });

  it('backs off exponentially between the bounds of the retry policy', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({
      retryPolicy: { minimumBackoff: { seconds: 10 }, maximumBackoff: { seconds: 25 } },
    });
    await harness.publish(['a']);
    for (const seconds of [10, 20, 25, 25]) {
      await harness.modify(await harness.pull(), 0);
      await harness.clock.advance(seconds * 1_000 - 1);
      expect(await harness.pull()).toEqual([]);
      await harness.clock.advance(1);
    }
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });

  it('accepts an acknowledgement after the ack deadline, before the redelivery', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    const pulled = await harness.pull();
    await harness.clock.advance(10_000);
    await harness.ack(pulled);
    expect(await harness.pull()).toEqual([]);
  });

  it('ignores a negative acknowledgement of an earlier delivery', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    const stale = await harness.pull();
    await harness.clock.advance(10_000);
    await harness.pull();
    await harness.modify(stale, 0);
    expect(await harness.pull()).toEqual([]);
  });

  it('waits for a message and answers when one is published', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const pull = harness.pubsub.pull({ subscription: subscriptionName('reader'), maxMessages: 1 });
    await harness.publish(['a']);
    expect((await pull).receivedMessages).toHaveLength(1);
  });

  it('leaves messages above max_messages of a waiting pull to the next pull', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const { pubsub } = harness;
    const pull = pubsub.pull({ subscription: subscriptionName('reader'), maxMessages: 1 });
    const publish = (text: string) =>
      pubsub.publish({ topic: topicName('records'), messages: [{ data: Buffer.from(text) }] });
    await Promise.all([publish('a'), publish('b')]);
    expect((await pull).receivedMessages).toHaveLength(1);
    expect(textsOf(await harness.pull())).toEqual(['b']);
  });

  it('answers without messages when none is published during the wait', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const pull = harness.pubsub.pull({ subscription: subscriptionName('reader'), maxMessages: 1 });
    await harness.clock.advance(5_000);
    expect((await pull).receivedMessages).toEqual([]);
  });

  it('delivers at most max_messages', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a', 'b', 'c']);
    expect(textsOf(await harness.pull('reader', 2))).toEqual(['a', 'b']);
    expect(textsOf(await harness.pull('reader', 2))).toEqual(['c']);
  });

  it('refuses ack ids of another subscription, and malformed ones', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.topicWith({}, 'records', 'other');
    await harness.publish(['a']);
    const pulled = await harness.pull('other');
    for (const ackId of ['zzz', pulled[0]?.ackId ?? '']) {
      const error = await errorOf(
        harness.subscriber.acknowledge({ subscription: subscriptionName('reader'), ackIds: [ackId] }),
      );
      expect(error.details).toBe(`You have passed an invalid ack ID to the service (ack_id=${ackId}).`);
    }
  });

  it('refuses to pull from a detached or a missing subscription', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publisher.detachSubscription({ subscription: subscriptionName('reader') });
    expect((await errorOf(harness.pull())).code).toBe(9);
    expect((await errorOf(harness.pull('missing'))).code).toBe(5);
  });
});

describe('message retention', () => {
  it('drops expired messages and warns with their number', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ messageRetentionDuration: { seconds: 600 } });
    await harness.publish(['old', 'older']);
    await harness.clock.advance(300_000);
    await harness.publish(['young']);
    await harness.clock.advance(300_001);
    expect(textsOf(await harness.pull())).toEqual(['young']);
    await harness.clock.advance(60_000);
    await until(() => harness.warnings.length > 0);
    expect(harness.warnings).toEqual([
      '2 message(s) of projects/local/subscriptions/reader expired unacknowledged and were dropped.',
    ]);
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(1);
  });

  it('keeps messages for as long as the topic retains them, if that is longer', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({
      name: topicName('records'),
      messageRetentionDuration: { seconds: 1_200 },
    });
    await harness.topicWith({ messageRetentionDuration: { seconds: 600 } });
    await harness.publish(['a']);
    await harness.clock.advance(1_199_000);
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });
});

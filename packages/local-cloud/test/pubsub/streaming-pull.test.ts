import type { Message, protos, SubscriptionOptions } from '@google-cloud/pubsub';
import { describe, expect, it } from '@jest/globals';
import { Harness, subscriptionName, textOf, until } from './harness.ts';

type StreamingPullResponse = protos.google.pubsub.v1.IStreamingPullResponse;

/** Opens Google's streaming subscriber and collects what it receives. */
function listen(harness: Harness, options: SubscriptionOptions = {}) {
  const subscription = harness.client.subscription('reader', options);
  const received: Message[] = [];
  const errors: { code: number }[] = [];
  subscription.on('message', (message: Message) => received.push(message));
  subscription.on('error', (error) => errors.push(error as unknown as { code: number }));
  return { subscription, received, errors };
}

describe('streaming pull', () => {
  it('delivers the backlog and then new messages', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['before']);
    const { subscription, received } = listen(harness);
    await until(() => received.length >= 1);
    await harness.publish(['after']);
    await until(() => received.length >= 2);
    expect(received.map(textOf)).toEqual(['before', 'after']);
    for (const message of received) message.ack();
    await subscription.close();
    await until(
      async () => (await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })) === 0,
    );
  });

  it('stops at the client’s flow control limit until the client acknowledges', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a', 'b', 'c', 'd', 'e']);
    const { subscription, received } = listen(harness, {
      flowControl: { maxMessages: 2 },
      streamingOptions: { maxStreams: 1 },
    });
    await until(() => received.length >= 2);
    // Another client can pull the rest, so the stream did not lease it.
    expect((await harness.pull('reader', 1)).map(({ text }) => text)).toEqual(['c']);
    for (const message of received) message.ack();
    await until(() => received.length >= 4);
    expect(received.map(textOf)).toEqual(['a', 'b', 'd', 'e']);
    for (const message of received) message.ack();
    await subscription.close();
  });

  it('redelivers a message that the client nacks', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    const { subscription, received } = listen(harness);
    await until(() => received.length >= 1);
    received[0]?.nack();
    await until(() => received.length >= 2);
    received[1]?.ack();
    await subscription.close();
  });

  it('shares a backlog between streams and delivers each message once', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const texts = Array.from({ length: 1_000 }, (_, index) => String(index));
    const streams = [listen(harness), listen(harness)];
    await harness.publish(texts);
    const all = () => streams.flatMap(({ received }) => received);
    for (let acked = 0; acked < texts.length; ) {
      await until(() => all().length > acked);
      const fresh = all();
      for (const message of fresh) message.ack();
      acked = fresh.length;
    }
    expect(new Set(all().map(textOf)).size).toBe(texts.length);
    expect(all()).toHaveLength(texts.length);
    for (const { subscription } of streams) await subscription.close();
  });

  it('delivers a message after its publisher has the answer', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const { subscription, received } = listen(harness);
    subscription.on('message', (message: Message) => message.ack());
    await harness.publish(['first']);
    await until(() => received.length === 1);
    const early: string[] = [];
    for (let n = 0; n < 100; n++) {
      const ids = await harness.publish([`${n}`]);
      early.push(...received.filter(({ id }) => ids.includes(id)).map(({ id }) => id));
    }
    await until(() => received.length === 101);
    expect(early).toEqual([]);
    await subscription.close();
  });

  it('tells in every response whether the subscription is ordered, and answers pings', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ enableMessageOrdering: true });
    const stream = harness.subscriber.streamingPull();
    const responses: StreamingPullResponse[] = [];
    stream.on('data', (response) => responses.push(response));
    stream.write({
      subscription: subscriptionName('reader'),
      streamAckDeadlineSeconds: 10,
      protocolVersion: 1,
    });
    for (let ping = 1; ping <= 3; ping++) {
      stream.write({});
      await until(() => responses.length === ping);
    }
    await harness.publish(['a']);
    await until(() => responses.length === 4);
    await harness.publish(['b']);
    await until(() => responses.length === 5);
    expect(responses.map(({ receivedMessages }) => receivedMessages?.length ?? 0)).toEqual([0, 0, 0, 1, 1]);
    expect(responses.map((response) => response.subscriptionProperties?.messageOrderingEnabled)).toEqual(
      Array(5).fill(true),
    );
    stream.destroy();
  });

  it('ends with NOT_FOUND when the subscription is deleted', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    const { subscription, received, errors } = listen(harness);
    await until(() => received.length >= 1);
    received[0]?.ack();
    await harness.subscriber.deleteSubscription({ subscription: subscriptionName('reader') });
    await until(() => errors.length > 0);
    expect(errors[0]?.code).toBe(5);
    await subscription.close();
  });

  it('refuses a stream on a missing subscription', async () => {
    await using harness = await Harness.start();
    const { subscription, errors } = listen(harness);
    await until(() => errors.length > 0);
    expect(errors[0]?.code).toBe(5);
    await subscription.close();
  });
});

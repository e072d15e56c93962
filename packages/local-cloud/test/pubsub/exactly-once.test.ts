import type { protos } from '@google-cloud/pubsub';
import { AckResponses, type Message } from '@google-cloud/pubsub';
import { describe, expect, it } from '@jest/globals';
import { errorOf, Harness, subscriptionName, topicName, until } from './harness.ts';

type Response = protos.google.pubsub.v1.IStreamingPullResponse;

const EXACTLY_ONCE = { enableExactlyOnceDelivery: true };

describe('exactly-once delivery', () => {
  it('confirms an acknowledgement to the client library', async () => {
    await using harness = await Harness.start();
    await harness.topicWith(EXACTLY_ONCE);
    const subscription = harness.client.subscription('reader');
    const answers: string[] = [];
    subscription.on('message', async (message: Message) => answers.push(await message.ackWithResponse()));
    await harness.publish(['a', 'b']);
    await until(() => answers.length === 2);
    expect(answers).toEqual([AckResponses.Success, AckResponses.Success]);
    await subscription.close();
  });

  it('refuses the acknowledgement of a delivery that has expired, and delivers the message again', async () => {
    await using harness = await Harness.start();
    await harness.topicWith(EXACTLY_ONCE);
    await harness.publish(['late', 'in time']);
    const [late, inTime] = await harness.pull();
    if (!late || !inTime) throw new Error('two messages were published');
    await harness.modify([inTime], 60);
    await harness.clock.advance(10_100);
    const refused = { code: 3, errorInfoMetadata: { [late.ackId]: 'PERMANENT_FAILURE_INVALID_ACK_ID' } };
    expect(await errorOf(harness.ack([late, inTime]))).toMatchObject(refused);
    expect(await errorOf(harness.modify([late], 60))).toMatchObject(refused);
    expect(await errorOf(harness.modify([late], 0))).toMatchObject(refused);
    const [again] = await harness.pull();
    expect(again).toMatchObject({ text: 'late' });
    await harness.ack(again ? [again] : []);
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(0);
    expect(await errorOf(harness.ack([late]))).toMatchObject({ code: 3 });
  });

  it('names the refused ack ids over REST', async () => {
    await using harness = await Harness.start();
    await harness.topicWith(EXACTLY_ONCE);
    await harness.publish(['a']);
    const pulled = await harness.pull();
    await harness.ack(pulled);
    const ackIds = pulled.map(({ ackId }) => ackId);
    const response = await fetch(
      `http://${harness.server.host}/v1/${subscriptionName('reader')}:acknowledge`,
      {
        method: 'POST',
        body: JSON.stringify({ ackIds }),
      },
    );
    const { error } = (await response.json()) as { error: { details: object[] } };
    expect(error.details).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        domain: 'pubsub.googleapis.com',
        reason: 'INVALID_ACK_ID',
        metadata: { [ackIds[0] ?? '']: 'PERMANENT_FAILURE_INVALID_ACK_ID' },
      },
    ]);
  });

  it('confirms acknowledgements and deadlines on a stream', async () => {
    await using harness = await Harness.start();
    await harness.topicWith(EXACTLY_ONCE);
    await harness.publish(['a']);
    const stream = harness.subscriber.streamingPull();
    const responses: Response[] = [];
    stream.on('data', (response) => responses.push(response));
    stream.write({ subscription: subscriptionName('reader'), streamAckDeadlineSeconds: 10 });
    await until(() => responses.length === 1);
    expect(responses[0]?.subscriptionProperties).toMatchObject({ exactlyOnceDeliveryEnabled: true });
    const ackIds = [responses[0]?.receivedMessages?.[0]?.ackId ?? ''];
    stream.write({ modifyDeadlineAckIds: ackIds, modifyDeadlineSeconds: [60] });
    stream.write({ ackIds });
    await until(() => responses.length === 3);
    stream.write({ ackIds });
    await until(() => responses.length === 4);
    expect(responses.slice(1)).toMatchObject([
      { modifyAckDeadlineConfirmation: { ackIds, invalidAckIds: [] } },
      { acknowledgeConfirmation: { ackIds, invalidAckIds: [] } },
      { acknowledgeConfirmation: { ackIds: [], invalidAckIds: ackIds } },
    ]);
    stream.destroy();
  });

  it('is for pull subscriptions only', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    const request = {
      name: subscriptionName('reader'),
      topic: topicName('records'),
      enableExactlyOnceDelivery: true,
      pushConfig: { pushEndpoint: 'http://127.0.0.1:1' },
    };
    expect(await errorOf(harness.subscriber.createSubscription(request))).toMatchObject({ code: 3 });
  });
});

import { describe, expect, it } from '@jest/globals';
import { CONSUME, errorOf, Harness, PUBLISH, subscriptionName, textsOf, topicName } from './harness.ts';

async function withDeadLetters(): Promise<Harness> {
  const harness = await Harness.start();
  await harness.topicWith({}, 'dead', 'graveyard');
  await harness.topicWith({
    deadLetterPolicy: { deadLetterTopic: topicName('dead'), maxDeliveryAttempts: 5 },
  });
  return harness;
}

/** Pulls and nacks. Returns the delivery attempts that the subscriber saw. */
async function failTimes(harness: Harness, times: number): Promise<number[]> {
  const attempts: number[] = [];
  for (let time = 0; time < times; time++) {
    const pulled = await harness.pull();
    attempts.push(...pulled.map(({ attempt }) => attempt));
    if (pulled.length > 0) await harness.modify(pulled, 0);
  }
  return attempts;
}

describe('a dead-letter policy', () => {
  it('forwards a message with its source after the last delivery attempt, and stops delivering it', async () => {
    await using harness = await withDeadLetters();
    harness.iam.grant(PUBLISH);
    harness.iam.grant(CONSUME);
    await harness.publish(['poison'], 'records', { attributes: { own: 'kept' }, orderingKey: 'k' });
    expect(await failTimes(harness, 7)).toEqual([1, 2, 3, 4, 5]);
    const [deadLetter] = await harness.pull('graveyard');
    expect(deadLetter).toMatchObject({
      text: 'poison',
      orderingKey: 'k',
      attempt: 0,
      attributes: {
        own: 'kept',
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: 'reader',
        CloudPubSubDeadLetterSourceSubscriptionProject: 'local',
        CloudPubSubDeadLetterSourceTopicPublishTime: '2026-01-01T00:00:00.000+00:00',
      },
    });
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(0);
  });

  it('counts an expired ack deadline as a delivery attempt', async () => {
    await using harness = await withDeadLetters();
    harness.iam.grant(PUBLISH);
    harness.iam.grant(CONSUME);
    await harness.publish(['slow']);
    for (const attempt of [1, 2, 3, 4, 5]) {
      expect((await harness.pull()).map((message) => message.attempt)).toEqual([attempt]);
      await harness.clock.advance(10_000);
    }
    expect(textsOf(await harness.pull('graveyard'))).toEqual(['slow']);
  });

  it.each([
    [
      'publish on the dead-letter topic',
      CONSUME,
      'lacks pubsub.topics.publish on projects/local/topics/dead: grant it roles/pubsub.publisher there',
    ],
    [
      'consume from the subscription',
      PUBLISH,
      'lacks pubsub.subscriptions.consume on projects/local/subscriptions/reader: grant it roles/pubsub.subscriber there',
    ],
  ])('keeps redelivering while the service agent may not %s, and warns once', async (_, granted, reason) => {
    await using harness = await withDeadLetters();
    harness.iam.grant(granted);
    await harness.publish(['poison']);
    expect(await failTimes(harness, 7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await harness.pull('graveyard')).toEqual([]);
    expect(harness.warnings).toEqual([expect.stringContaining(reason)]);
    harness.iam.grant(granted === CONSUME ? PUBLISH : CONSUME);
    await failTimes(harness, 1);
    expect(textsOf(await harness.pull('graveyard'))).toEqual(['poison']);
  });

  it('requires an existing dead-letter topic and 5 to 100 delivery attempts', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({}, 'dead', 'graveyard');
    const create = (deadLetterPolicy: object) =>
      errorOf(
        harness.subscriber.createSubscription({
          name: subscriptionName('reader'),
          topic: topicName('dead'),
          deadLetterPolicy,
        }),
      );
    const deadLetterTopic = topicName('dead');
    expect(await create({ deadLetterTopic: topicName('missing') })).toMatchObject({ code: 5 });
    expect(await create({ deadLetterTopic, maxDeliveryAttempts: 3 })).toMatchObject({
      code: 11,
      details:
        'The value for max_delivery_attempts is too small. You passed 3 in the request, but the minimum value is 5.',
    });
    expect(await create({ deadLetterTopic, maxDeliveryAttempts: 101 })).toMatchObject({
      code: 11,
      details:
        'The value for max_delivery_attempts is too large. You passed 101 in the request, but the maximum value is 100.',
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Harness, type Pulled, subscriptionName, textsOf, until } from './harness.ts';

const ordered = { enableMessageOrdering: true };
const some = (pulled: readonly Pulled[], ...texts: string[]) =>
  pulled.filter(({ text }) => texts.includes(text));

describe('message ordering', () => {
  it('holds back later messages of a key until the earlier ones are acknowledged, and no other keys', async () => {
    await using harness = await Harness.start();
    await harness.topicWith(ordered);
    await harness.publish(['a1', 'a2'], 'records', { orderingKey: 'a' });
    const first = await harness.pull();
    expect(textsOf(first)).toEqual(['a1', 'a2']);
    await harness.publish(['a3'], 'records', { orderingKey: 'a' });
    await harness.publish(['b1'], 'records', { orderingKey: 'b' });
    expect(textsOf(await harness.pull())).toEqual(['b1']);
    await harness.ack(some(first, 'a1'));
    expect(await harness.pull()).toEqual([]);
    await harness.ack(some(first, 'a2'));
    expect(textsOf(await harness.pull())).toEqual(['a3']);
  });

  it('redelivers in order from the message that failed', async () => {
    await using harness = await Harness.start();
    await harness.topicWith(ordered);
    await harness.publish(['1', '2', '3', '4'], 'records', { orderingKey: 'a' });
    const pulled = await harness.pull();
    await harness.ack(some(pulled, '1'));
    await harness.modify(some(pulled, '2'), 0);
    expect(textsOf(await harness.pull())).toEqual(['2', '3', '4']);
  });

  it('holds back the whole key while its first message backs off', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ ...ordered, retryPolicy: { minimumBackoff: { seconds: 10 } } });
    await harness.publish(['1', '2'], 'records', { orderingKey: 'a' });
    await harness.modify(some(await harness.pull(), '1'), 0);
    await harness.publish(['3'], 'records', { orderingKey: 'a' });
    await harness.clock.advance(9_999);
    expect(await harness.pull()).toEqual([]);
    await harness.clock.advance(1);
    expect(textsOf(await harness.pull())).toEqual(['1', '2', '3']);
  });

  it('continues with a key when the message that it waits for is acknowledged late or expires', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({
      ...ordered,
      retryPolicy: { minimumBackoff: { seconds: 600 } },
      messageRetentionDuration: { seconds: 600 },
    });
    await harness.publish(['1', '2'], 'records', { orderingKey: 'a' });
    await harness.publish(['1'], 'records', { orderingKey: 'b' });
    const pulled = await harness.pull();
    await harness.modify(pulled, 0);
    await harness.ack(some(pulled, '1').slice(0, 1));
    await harness.clock.advance(300_000);
    await harness.publish(['2'], 'records', { orderingKey: 'b' });
    expect(await harness.pull()).toEqual([]);
    await harness.ack(some(pulled, '2'));
    await harness.publish(['3'], 'records', { orderingKey: 'a' });
    expect((await harness.pull()).map(({ orderingKey, text }) => orderingKey + text)).toEqual(['a3']);
    await harness.clock.advance(420_000);
    await until(() => harness.warnings.length > 0);
    expect((await harness.pull()).map(({ orderingKey, text }) => orderingKey + text)).toEqual(['b2']);
  });

  it('does not hold back messages of a subscription without ordering', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['1', '2'], 'records', { orderingKey: 'a' });
    await harness.pull('reader', 1);
    expect(textsOf(await harness.pull())).toEqual(['2']);
  });

  it('delivers all messages of each key in order, whatever the subscriber acknowledges, nacks or lets expire', async () => {
    const step = fc.record({
      pull: fc.integer({ min: 1, max: 4 }),
      outcomes: fc.array(fc.constantFrom('ack', 'nack', 'nothing'), { minLength: 4, maxLength: 4 }),
      seconds: fc.constantFrom(0, 5, 30),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 12 }),
        fc.array(step, { maxLength: 12 }),
        async (keys, steps) => {
          await using harness = await Harness.start();
          await harness.topicWith({
            ...ordered,
            retryPolicy: { minimumBackoff: { seconds: 1 }, maximumBackoff: { seconds: 10 } },
          });
          const { pubsub, clock } = harness;
          const subscription = subscriptionName('reader');
          for (const [index, orderingKey] of keys.entries()) {
            await pubsub.publish({
              topic: 'projects/local/topics/records',
              messages: [{ data: Buffer.from(String(index)), orderingKey }],
            });
          }
          const acked: number[] = [];
          const pullAll = async (maxMessages: number) =>
            (await pubsub.pull({ subscription, maxMessages, returnImmediately: true })).receivedMessages.map(
              ({ ackId, message }) => ({ ackId, index: Number(Buffer.from(message.data ?? []).toString()) }),
            );
          const ack = async ({ ackId, index }: { ackId: string; index: number }) => {
            const key = keys[index];
            const earlier = keys.flatMap((other, at) =>
              key !== '' && other === key && at < index ? [at] : [],
            );
            expect(acked).toEqual(expect.arrayContaining(earlier));
            acked.push(index);
            await pubsub.acknowledge({ subscription, ackIds: [ackId] });
          };
          for (const { pull, outcomes, seconds } of steps) {
            const failed = new Set<string | undefined>();
            for (const [at, message] of (await pullAll(pull)).entries()) {
              const key = keys[message.index];
              // After a failed message, an ordered subscriber acknowledges no later message of its key.
              if (outcomes[at] === 'ack' && !(key && failed.has(key))) {
                await ack(message);
                continue;
              }
              failed.add(key);
              if (outcomes[at] === 'nack')
                await pubsub.modifyAckDeadline({
                  subscription,
                  ackIds: [message.ackId],
                  ackDeadlineSeconds: 0,
                });
            }
            await clock.advance(seconds * 1_000);
          }
          for (let rest = 0; rest < 200 && acked.length < keys.length; rest++) {
            await clock.advance(10_000);
            for (const message of await pullAll(100)) await ack(message);
          }
          expect([...acked].sort((a, b) => a - b)).toEqual(keys.map((_, index) => index));
        },
      ),
      { numRuns: 40 },
    );
  });
});

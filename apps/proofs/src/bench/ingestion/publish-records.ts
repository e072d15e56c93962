import { setImmediate as turn } from 'node:timers/promises';
import type { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';
import { personOf } from '../../shared/people.ts';

const BATCH = 1_000;

/**
 * Publishes records with the ids `RUN-0`, `RUN-1`, … as fast as the topic accepts them, and resolves when it has all. Every
 * measured server gets the same, so each figure includes the cost of the publisher.
 */
export async function publishRecords(
  pubsub: PubSub,
  name: string,
  run: string,
  total: number,
): Promise<void> {
  const topic = pubsub.topic(name, {
    batching: { maxMessages: BATCH, maxMilliseconds: 10 },
    flowControlOptions: { maxOutstandingMessages: 20_000 },
  });
  const publisher = topic.flowControlled();
  for (let index = 0; index < total; index += 1) {
    await publisher.publish({ data: Buffer.from(encodeRecord(personOf(`${run}-${index}`))) });
    // A resolved promise gives the event loop no turn, so without this nothing is sent before the last message.
    if ((index + 1) % BATCH === 0) await turn();
  }
  await Promise.all(await publisher.all());
}

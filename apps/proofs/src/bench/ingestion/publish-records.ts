import { setImmediate as turn } from 'node:timers/promises';
import type { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';

const BATCH = 1_000;

/**
 * Publishes records with the ids `run-0`, `run-1`, …, as fast as the topic takes them, and resolves when it has all. Both
 * sides are given the same by it: what a publisher costs is in both figures.
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
    const record = {
      id: `${run}-${index}`,
      nombre: 'María José',
      apellido: 'Núñez Cárdenas',
      pais: 'México',
    };
    await publisher.publish({ data: Buffer.from(encodeRecord(record)) });
    // What is resolved already is no turn of the event loop: without one, nothing is sent until the last is made.
    if ((index + 1) % BATCH === 0) await turn();
  }
  await Promise.all(await publisher.all());
}

/** Publishes records to Google's emulator and pulls them, and answers how many per second: node pull-process.ts HOST. */
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';
import { answer } from './asked-process.ts';

const pubsub = new PubSub({ projectId: 'bench', apiEndpoint: process.argv[2] ?? '', emulatorMode: true });
let runs = 0;
answer(async (total) => {
  runs += 1;
  const [topic] = await pubsub.createTopic(`bench-${runs}`);
  const [subscription] = await topic.createSubscription(`bench-${runs}`, {
    flowControl: { maxMessages: 20_000 },
  });
  topic.setPublishOptions({
    batching: { maxMessages: 1000, maxMilliseconds: 10 },
    flowControlOptions: { maxOutstandingMessages: 20_000 },
  });
  const received = new Promise<void>((resolve, reject) => {
    const seen = new Set<string>();
    subscription.on('message', (message) => {
      message.ack();
      seen.add(message.id);
      if (seen.size === total) resolve();
    });
    subscription.on('error', reject);
  });
  const began = performance.now();
  const publisher = topic.flowControlled();
  for (let index = 0; index < total; index += 1) {
    const record = { id: `bench-${index}`, nombre: 'María José', apellido: 'Núñez Cárdenas', pais: 'México' };
    await publisher.publish({ data: Buffer.from(encodeRecord(record)) });
  }
  await Promise.all(await publisher.all());
  await received;
  const seconds = (performance.now() - began) / 1_000;
  await subscription.close();
  return total / seconds;
});

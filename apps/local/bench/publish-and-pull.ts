/**
 * Publishes records to Google's emulator and pulls them, in a process of its own as `pnpm seed` is:
 * node publish-and-pull.ts HOST COUNT → prints messages per second, first publish to last receipt.
 */
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';

const [host = '', count = '0'] = process.argv.slice(2);
const total = Number(count);
const pubsub = new PubSub({ projectId: 'bench', apiEndpoint: host, emulatorMode: true });
const [topic] = await pubsub.createTopic(`bench-${process.pid}`);
const [subscription] = await topic.createSubscription(`bench-${process.pid}`, {
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
console.log(Math.round(total / ((performance.now() - began) / 1000)));
await subscription.close();
await pubsub.close();
process.exit(0);

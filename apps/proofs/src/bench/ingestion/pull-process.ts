/** Publishes records to Google's emulator, pulls them, and answers the rate per second: `node pull-process.ts HOST`. */
import { PubSub } from '@google-cloud/pubsub';
import { answer } from '../../shared/forked-process.ts';
import { publishRecords } from './publish-records.ts';

const pubsub = new PubSub({ projectId: 'bench', apiEndpoint: process.argv[2] ?? '', emulatorMode: true });
let runs = 0;
answer(async (total: number) => {
  runs += 1;
  const run = `bench-${runs}`;
  const [topic] = await pubsub.createTopic(run);
  const [subscription] = await topic.createSubscription(run, { flowControl: { maxMessages: 20_000 } });
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
  await publishRecords(pubsub, topic.name, run, total);
  await received;
  const seconds = (performance.now() - began) / 1_000;
  await subscription.close();
  return total / seconds;
});

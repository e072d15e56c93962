/** An ordinary day with @google-cloud/pubsub. Prints one line per step: right, refused or wrong. */
import { AckResponses, type Message, PubSub, type Subscription } from '@google-cloud/pubsub';
import { expectEqual, step } from './steps.ts';

const WAIT_MS = 20_000;
const AGENT = `serviceAccount:service-${process.env.PROJECT_NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com`;

const pubsub = new PubSub({ projectId: process.env.GOOGLE_CLOUD_PROJECT ?? '' });

/** The first messages of a subscription, in the order of their arrival. */
async function receive(
  subscription: Subscription,
  count: number,
  answer: (message: Message) => void = (message) => message.ack(),
): Promise<Message[]> {
  const received: Message[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${received.length} of ${count} messages came`)), WAIT_MS);
  subscription.on('error', reject).on('message', (message: Message) => {
    received.push(message);
    answer(message);
    if (received.length >= count) resolve();
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    subscription.removeAllListeners();
    await subscription.close();
  }
  return received;
}

const textOf = ({ data }: Message) => data.toString();

await step('receives each ordering key in order, and nothing twice', async () => {
  const [topic] = await pubsub.createTopic('node-orders');
  const [reader] = await topic.createSubscription('node-orders', { enableMessageOrdering: true });
  const ordered = pubsub.topic('node-orders', { messageOrdering: true });
  const numbers = Array.from({ length: 600 }, (_, n) => n);
  await Promise.all(
    numbers.map((n) => ordered.publishMessage({ data: Buffer.from(`${n}`), orderingKey: `k${n % 3}` })),
  );
  const received = (await receive(reader, 600)).map((message) => Number(textOf(message)));
  for (const key of [0, 1, 2]) {
    expectEqual(
      received.filter((n) => n % 3 === key),
      numbers.filter((n) => n % 3 === key),
    );
  }
  return undefined;
});

await step('acknowledges exactly once, and hears of it', async () => {
  const topic = pubsub.topic('node-orders');
  const [once] = await topic.createSubscription('node-once', { enableExactlyOnceDelivery: true });
  await topic.publishMessage({ data: Buffer.from('once') });
  let answer: Promise<string> | undefined;
  await receive(once, 1, (message) => {
    answer = message.ackWithResponse();
  });
  expectEqual(await answer, AckResponses.Success);
  return undefined;
});

await step('returns to a snapshot, and to a time', async () => {
  const topic = pubsub.topic('node-orders');
  const [kept] = await topic.createSubscription('node-kept', { retainAckedMessages: true });
  await kept.createSnapshot('node-before');
  await topic.publishMessage({ data: Buffer.from('again') });
  const targets = ['node-before', new Date('2026-01-01')];
  const received = await receive(kept, 3, (message) => {
    message.ack();
    const target = targets.shift();
    if (target !== undefined) void kept.seek(target);
  });
  expectEqual(received.map(textOf), ['again', 'again', 'again']);
  await pubsub.snapshot('node-before').delete();
  return undefined;
});

await step('forwards to a dead-letter topic that it made and granted itself', async () => {
  const [dead] = await pubsub.createTopic('node-dead');
  const [grave] = await dead.createSubscription('node-dead');
  const topic = pubsub.topic('node-orders');
  const [work] = await topic.createSubscription('node-work', {
    deadLetterPolicy: { deadLetterTopic: dead.name, maxDeliveryAttempts: 5 },
  });
  await dead.iam.setPolicy({ bindings: [{ role: 'roles/pubsub.publisher', members: [AGENT] }] });
  await work.iam.setPolicy({ bindings: [{ role: 'roles/pubsub.subscriber', members: [AGENT] }] });
  await topic.publishMessage({ data: Buffer.from('poison') });
  await receive(work, 5, (message) => message.nack());
  expectEqual((await receive(grave, 1)).map(textOf), ['poison']);
  return undefined;
});

await step('a Cloud Storage subscription', async () => {
  const created = pubsub.topic('node-orders').createSubscription('node-bucket', {
    cloudStorageConfig: { bucket: 'b' },
  });
  const error = await created.then(
    () => new Error('accepted'),
    (refusal: Error & { code?: number }) => refusal,
  );
  if (!('code' in error) || error.code !== 12) throw error;
  return error.message;
});

await step('deletes what it made', async () => {
  for (const name of ['orders', 'once', 'kept', 'work', 'dead'])
    await pubsub.subscription(`node-${name}`).delete();
  for (const name of ['orders', 'dead']) await pubsub.topic(`node-${name}`).delete();
  return undefined;
});

await pubsub.close();

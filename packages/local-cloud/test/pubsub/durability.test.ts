import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { v1 } from '@google-cloud/pubsub';
import { credentials } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../src/clock.ts';
import { Iam } from '../../src/iam.ts';
import { PubSub } from '../../src/pubsub/pubsub.ts';
import { errorOf, Harness, noWarehouse, subscriptionName, textsOf, topicName, until } from './harness.ts';

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'pubsub-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Pub/Sub in a process of its own. */
class Broker implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly publisher: v1.PublisherClient;
  readonly subscriber: v1.SubscriberClient;

  private constructor(child: ChildProcess, host: string) {
    this.child = child;
    const [servicePath, port] = host.split(':');
    const options = {
      projectId: 'local',
      servicePath: servicePath ?? '',
      port: Number(port),
      sslCreds: credentials.createInsecure(),
    };
    this.publisher = new v1.PublisherClient(options);
    this.subscriber = new v1.SubscriberClient(options);
  }

  static async start(path: string): Promise<Broker> {
    const child = fork(join(import.meta.dirname, 'broker.ts'), [path], { execArgv: [] });
    const [{ host }] = await once(child, 'message');
    return new Broker(child, host);
  }

  /** Pulls every available message. */
  async pull(): Promise<{ ackId: string; text: string; attempt: number }[]> {
    const all: { ackId: string; text: string; attempt: number }[] = [];
    for (;;) {
      const request = {
        subscription: subscriptionName('reader'),
        maxMessages: 1_000,
        returnImmediately: true,
      };
      const [{ receivedMessages }] = await this.subscriber.pull(request);
      if (!receivedMessages?.length) return all;
      for (const { ackId, message, deliveryAttempt } of receivedMessages) {
        all.push({
          ackId: ackId ?? '',
          text: Buffer.from(message?.data ?? '').toString(),
          attempt: deliveryAttempt ?? 0,
        });
      }
    }
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Promise.all([this.publisher.close(), this.subscriber.close()]);
  }
}

describe('Pub/Sub with a folder', () => {
  it('keeps through kill -9 every message whose id a publisher received, each once', async () => {
    await using folder = await temporaryFolder();
    const published: string[] = [];
    for (let life = 0; life < 3; life++) {
      await using broker = await Broker.start(folder.path);
      if (life === 0) {
        await broker.publisher.createTopic({ name: topicName('records') });
        await broker.subscriber.createSubscription({
          name: subscriptionName('reader'),
          topic: topicName('records'),
        });
      }
      let alive = true;
      const publishers = Array.from({ length: 4 }, async (_, publisher) => {
        for (let batch = 0; alive; batch++) {
          const texts = Array.from({ length: 50 }, (_, index) => `${life}-${publisher}-${batch}-${index}`);
          const messages = texts.map((text) => ({ data: Buffer.from(text) }));
          // No retries: a request is either answered or lost.
          const answer = broker.publisher.publish(
            { topic: topicName('records'), messages },
            { retry: null, timeout: 5_000 },
          );
          await answer.then(
            () => published.push(...texts),
            () => {},
          );
          if (published.length >= (life + 1) * 1_000 && alive) {
            alive = false;
            await broker.kill();
          }
        }
      });
      await Promise.all(publishers);
    }
    await using broker = await Broker.start(folder.path);
    const texts = (await broker.pull()).map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
    const stored = new Set(texts);
    expect(published.filter((text) => !stored.has(text))).toEqual([]);
    expect(published.length).toBeGreaterThanOrEqual(3_000);
  });

  it('keeps acknowledgements and delivery attempts through kill -9, and accepts earlier ack ids', async () => {
    await using folder = await temporaryFolder();
    let lateAckId: string;
    {
      await using broker = await Broker.start(folder.path);
      await broker.publisher.createTopic({ name: topicName('records') });
      await broker.subscriber.createSubscription({
        name: subscriptionName('reader'),
        topic: topicName('records'),
        deadLetterPolicy: { deadLetterTopic: topicName('records'), maxDeliveryAttempts: 100 },
      });
      const messages = ['acked', 'failed', 'leased'].map((text) => ({ data: Buffer.from(text) }));
      await broker.publisher.publish({ topic: topicName('records'), messages });
      const subscription = subscriptionName('reader');
      const [acked, failed, leased] = await broker.pull();
      await broker.subscriber.acknowledge({ subscription, ackIds: [acked?.ackId ?? ''] });
      await broker.subscriber.modifyAckDeadline({
        subscription,
        ackIds: [failed?.ackId ?? ''],
        ackDeadlineSeconds: 0,
      });
      lateAckId = leased?.ackId ?? '';
      await broker.kill();
    }
    await using broker = await Broker.start(folder.path);
    await broker.subscriber.acknowledge({ subscription: subscriptionName('reader'), ackIds: [lateAckId] });
    expect((await broker.pull()).map(({ text, attempt }) => [text, attempt])).toEqual([['failed', 2]]);
  });

  it('keeps topics, subscriptions, schemas and the backlog of a deleted topic', async () => {
    await using folder = await temporaryFolder();
    const clock = new FakeClock();
    const definition = JSON.stringify({
      type: 'record',
      name: 'R',
      fields: [{ name: 'id', type: 'string' }],
    });
    const schemaSettings = { schema: 'projects/local/schemas/record', encoding: 'JSON' } as const;
    const described: unknown[] = [];
    const describe = async ({ publisher, subscriber, schemas }: Harness) => [
      (await publisher.listTopics({ project: 'projects/local' }))[0],
      (await subscriber.listSubscriptions({ project: 'projects/local' }))[0],
      (await schemas.listSchemas({ parent: 'projects/local', view: 'FULL' }))[0],
    ];
    {
      await using harness = await Harness.start({ path: folder.path, clock });
      await harness.client.createSchema('record', 'AVRO', definition);
      await harness.pubsub.createTopic({
        name: topicName('records'),
        schemaSettings,
        labels: { team: 'data' },
      });
      await harness.topicWith({ ackDeadlineSeconds: 33, filter: 'attributes:a', labels: { a: 'b' } });
      await harness.topicWith({}, 'doomed', 'orphan');
      await harness.publish(['left'], 'doomed');
      await harness.publisher.deleteTopic({ topic: topicName('doomed') });
      described.push(...(await describe(harness)));
    }
    await using harness = await Harness.start({ path: folder.path, clock });
    expect(await describe(harness)).toEqual(described);
    expect(textsOf(await harness.pull('orphan'))).toEqual(['left']);
    const error = await errorOf(harness.publish(['not JSON'], 'records', { attributes: { a: '1' } }));
    expect(error.details).toContain('Could not parse message');
  });

  it('keeps the backoff of a message through a restart', async () => {
    await using folder = await temporaryFolder();
    const clock = new FakeClock();
    {
      await using harness = await Harness.start({ path: folder.path, clock });
      await harness.topicWith({ retryPolicy: { minimumBackoff: { seconds: 60 } } });
      await harness.publish(['a']);
      await harness.modify(await harness.pull(), 0);
    }
    await using harness = await Harness.start({ path: folder.path, clock });
    await clock.advance(59_999);
    expect(await harness.pull()).toEqual([]);
    await clock.advance(1);
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });

  it('delivers a message that backed off when the clock was set back before the restart', async () => {
    await using folder = await temporaryFolder();
    const clock = new FakeClock();
    {
      await using harness = await Harness.start({ path: folder.path, clock });
      await harness.topicWith({ retryPolicy: { minimumBackoff: { seconds: 60 } } });
      await harness.publish(['a']);
      await harness.modify(await harness.pull(), 0);
    }
    await using harness = await Harness.start({
      path: folder.path,
      clock: new FakeClock(clock.now() - 3_600_000),
    });
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });

  it('deletes messages from disk when no topic or subscription needs them', async () => {
    await using folder = await temporaryFolder();
    const stored = () => {
      const database = new DatabaseSync(join(folder.path, 'pubsub.sqlite'));
      const count = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
      const counts = { messages: count('messages'), backlog: count('backlog'), retained: count('retained') };
      database.close();
      return counts;
    };
    {
      await using harness = await Harness.start({ path: folder.path });
      const seek = (time: number) =>
        harness.subscriber.seek({
          subscription: subscriptionName('reader'),
          time: { seconds: time / 1_000 },
        });
      await harness.topicWith({ messageRetentionDuration: { seconds: 600 } });
      await harness.topicWith({ retainAckedMessages: true }, 'records', 'keeper');
      await harness.topicWith({}, 'records', 'deleted');
      await harness.topicWith({}, 'records', 'detached');
      await harness.pubsub.createTopic({ name: topicName('unread') });
      await harness.publish(['nobody listens'], 'unread');
      await harness.publish(['acknowledged', 'sought past', 'expired']);
      await harness.ack((await harness.pull()).slice(0, 1));
      await harness.ack(await harness.pull('keeper'), 'keeper');
      await harness.subscriber.deleteSubscription({ subscription: subscriptionName('deleted') });
      await harness.publisher.detachSubscription({ subscription: subscriptionName('detached') });
      await seek(harness.clock.now());
      await harness.clock.advance(661_000);
      await until(() => harness.warnings.length > 0);
      await harness.publish(['needed']);
    }
    // "keeper" retains the messages that it acknowledged.
    expect(stored()).toEqual({ messages: 4, backlog: 2, retained: 3 });
    {
      await using harness = await Harness.start({ path: folder.path });
      await harness.subscriber.deleteSubscription({ subscription: subscriptionName('keeper') });
      await harness.ack(await harness.pull());
    }
    expect(stored()).toEqual({ messages: 0, backlog: 0, retained: 0 });
  });

  it('never uses a message id twice', async () => {
    await using folder = await temporaryFolder();
    const ids: string[] = [];
    for (let life = 0; life < 3; life++) {
      await using harness = await Harness.start({ path: folder.path });
      await harness.topicWith({}, 'records', `reader-${life}`);
      ids.push(...(await harness.publish(['a', 'b'])));
      await harness.ack(await harness.pull(`reader-${life}`), `reader-${life}`);
      await harness.subscriber.deleteSubscription({ subscription: subscriptionName(`reader-${life}`) });
    }
    expect(new Set(ids).size).toBe(6);
  });

  it('refuses the folder while another process uses it', async () => {
    await using folder = await temporaryFolder();
    await using _broker = await Broker.start(folder.path);
    const options = {
      path: folder.path,
      clock: new FakeClock(),
      iam: new Iam(),
      warehouse: noWarehouse,
      projectNumber: () => '1',
    };
    const error = await errorOf(PubSub.open(options));
    expect(error).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: `Another process uses the Pub/Sub data in ${folder.path}.`,
    });
  });
});

import { PubSub as Client, type Message, v1 } from '@google-cloud/pubsub';
import { credentials } from '@grpc/grpc-js';
import { Chaos, type ChaosOptions } from '../../src/chaos.ts';
import { FakeClock } from '../../src/clock.ts';
import { Iam, pubsubServiceAgent } from '../../src/iam.ts';
import { PubSub } from '../../src/pubsub/pubsub.ts';
import type { Subscription } from '../../src/pubsub/resources.ts';
import { PubSubServer } from '../../src/pubsub/server.ts';
import type { Warehouse } from '../../src/warehouse.ts';

// Without this, Google's clients look for a metadata server.
process.env.METADATA_SERVER_DETECTION = 'none';

const PROJECT = 'local';
export const AGENT = pubsubServiceAgent('1');
export const topicName = (id: string) => `projects/${PROJECT}/topics/${id}`;
export const subscriptionName = (id: string) => `projects/${PROJECT}/subscriptions/${id}`;
/** The grants that let Pub/Sub's service agent forward dead letters of `reader` to the topic `dead`. */
export const PUBLISH = { resource: topicName('dead'), role: 'roles/pubsub.publisher', member: AGENT };
export const CONSUME = {
  resource: subscriptionName('reader'),
  role: 'roles/pubsub.subscriber',
  member: AGENT,
};
export const schemaName = (id: string) => `projects/${PROJECT}/schemas/${id}`;

const unused = () => Promise.reject(new Error('this test has no warehouse'));
export const noWarehouse: Warehouse = { tableSchema: unused, tableLocation: unused, appendRows: unused };

interface Options {
  readonly warehouse?: Warehouse;
  readonly path?: string;
  readonly clock?: FakeClock;
  readonly iam?: Iam;
  readonly chaos?: ChaosOptions;
}

/** Pub/Sub on a free port, with Google's clients connected to it over gRPC. */
export class Harness implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly iam: Iam;
  readonly pubsub: PubSub;
  readonly server: PubSubServer;
  readonly warnings: string[];
  readonly client: Client;
  readonly publisher: v1.PublisherClient;
  readonly subscriber: v1.SubscriberClient;
  readonly schemas: v1.SchemaServiceClient;
  readonly #bugs: unknown[];

  private constructor(
    parts: Pick<Harness, 'clock' | 'iam' | 'pubsub' | 'server' | 'warnings'>,
    bugs: unknown[],
  ) {
    this.clock = parts.clock;
    this.iam = parts.iam;
    this.pubsub = parts.pubsub;
    this.server = parts.server;
    this.warnings = parts.warnings;
    this.#bugs = bugs;
    process.env.PUBSUB_EMULATOR_HOST = parts.server.host;
    this.client = new Client({ projectId: PROJECT });
    const options = {
      projectId: PROJECT,
      servicePath: '127.0.0.1',
      port: parts.server.port,
      sslCreds: credentials.createInsecure(),
    };
    this.publisher = new v1.PublisherClient(options);
    this.subscriber = new v1.SubscriberClient(options);
    this.schemas = new v1.SchemaServiceClient(options);
  }

  static async start(options: Options = {}): Promise<Harness> {
    const { clock = new FakeClock(), iam = new Iam(), warehouse = noWarehouse, path, chaos } = options;
    const warnings: string[] = [];
    const bugs: unknown[] = [];
    const pubsub = await PubSub.open({
      clock,
      iam,
      warehouse,
      projectNumber: () => '1',
      chaos: new Chaos(chaos),
      onWarning: (warning) => warnings.push(warning),
      ...(path !== undefined && { path }),
    });
    const server = await PubSubServer.listen(pubsub, { port: 0, onError: (bug) => bugs.push(bug) });
    return new Harness({ clock, iam, pubsub, server, warnings }, bugs);
  }

  /** Creates a subscription, and its topic if needed. */
  async topicWith(subscription: Subscription = {}, topic = 'records', id = 'reader'): Promise<void> {
    await this.pubsub.createTopic({ name: topicName(topic) }).catch((error) => {
      if (error.code !== 'ALREADY_EXISTS') throw error;
    });
    await this.pubsub.createSubscription({
      ...subscription,
      name: subscriptionName(id),
      topic: topicName(topic),
    });
  }

  /** Publishes texts in one request, with Google's generated client. */
  async publish(texts: readonly string[], topic = 'records', extra: object = {}): Promise<string[]> {
    const messages = texts.map((text) => ({ data: Buffer.from(text), ...extra }));
    const [{ messageIds }] = await this.publisher.publish({ topic: topicName(topic), messages });
    return messageIds ?? [];
  }

  /** Pulls the available messages, with Google's generated client. */
  async pull(id = 'reader', maxMessages = 1_000): Promise<Pulled[]> {
    const request = { subscription: subscriptionName(id), maxMessages, returnImmediately: true };
    const [{ receivedMessages }] = await this.subscriber.pull(request);
    return (receivedMessages ?? []).map(({ ackId, message, deliveryAttempt }) => ({
      ackId: ackId ?? '',
      text: Buffer.from(message?.data ?? '').toString(),
      attributes: message?.attributes ?? {},
      orderingKey: message?.orderingKey ?? '',
      messageId: message?.messageId ?? '',
      attempt: deliveryAttempt ?? 0,
    }));
  }

  async ack(pulled: readonly Pulled[], id = 'reader'): Promise<void> {
    const ackIds = pulled.map(({ ackId }) => ackId);
    await this.subscriber.acknowledge({ subscription: subscriptionName(id), ackIds });
  }

  /** Changes the ack deadline; 0 is a negative acknowledgement. */
  async modify(pulled: readonly Pulled[], ackDeadlineSeconds: number, id = 'reader'): Promise<void> {
    const ackIds = pulled.map(({ ackId }) => ackId);
    await this.subscriber.modifyAckDeadline({
      subscription: subscriptionName(id),
      ackIds,
      ackDeadlineSeconds,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.client.close(),
      this.publisher.close(),
      this.subscriber.close(),
      this.schemas.close(),
    ]);
    await this.server.close();
    await this.pubsub.close();
    if (this.#bugs.length > 0) throw new AggregateError(this.#bugs, 'the service has bugs');
  }
}

export interface Pulled {
  readonly ackId: string;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
  readonly messageId: string;
  readonly attempt: number;
}

export const textsOf = (messages: readonly { text: string }[]) => messages.map(({ text }) => text);
export const textOf = (message: Message) => message.data.toString();

/** Waits, one turn of the event loop at a time, until `holds` is true. Throws after 60 seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const timeout = AbortSignal.timeout(60_000);
  while (!(await holds())) {
    if (timeout.aborted) throw new Error(`timeout while waiting until ${holds}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The error of a call. Throws when the call succeeds. */
export async function errorOf(
  call: Promise<unknown>,
): Promise<{ code: number | string; message: string; details: string }> {
  try {
    await call;
  } catch (error) {
    return error as { code: number | string; message: string; details: string };
  }
  throw new Error('the call was expected to fail');
}

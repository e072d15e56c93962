import { DEVELOPER } from '../callers.ts';
import { Chaos } from '../chaos.ts';
import type { Clock, Timer } from '../clock.ts';
import { CloudError } from '../errors.ts';
import type { Iam } from '../iam.ts';
import type { Warehouse } from '../warehouse.ts';
import { BigQuerySubscriptions } from './bigquery-subscriptions.ts';
import { DeadLetters } from './dead-letters.ts';
import { Followers } from './followers.ts';
import { type Measurements, measure } from './measurements.ts';
import type { PageRequest } from './pages.ts';
import { Policies } from './policies.ts';
import { Publisher } from './publisher.ts';
import { reasonOf } from './reason.ts';
import {
  type FieldMask,
  millisOf,
  type PubsubMessage,
  type PushConfig,
  type ReceivedMessage,
  type Subscription,
  type Timestamp,
  type Topic,
} from './resources.ts';
import { Retention } from './retention.ts';
import { Schemas } from './schemas.ts';
import { seekToSnapshot, seekToTime } from './seek.ts';
import { Snapshots } from './snapshots.ts';
import type { TopicState } from './state.ts';
import { Database } from './store/database.ts';
import { MessageTable } from './store/message-table.ts';
import { ResourceTable } from './store/resource-table.ts';
import type { StreamingPull, StreamingPullPeer, StreamingPullRequest } from './streaming-pull.ts';
import { type AckRequest, type PullRequest, Subscriber } from './subscriber.ts';
import { Subscriptions } from './subscriptions.ts';
import { Topics } from './topics.ts';

interface PubSubOptions {
  /** Folder for the data; in memory when absent. */
  readonly path?: string;
  readonly clock: Clock;
  readonly iam: Iam;
  readonly warehouse: Warehouse;
  projectNumber(projectId: string): string;
  /** Injects faults into delivery; none when absent. */
  readonly chaos?: Chaos;
  /** Reports error states of subscriptions, dead letters that cannot be forwarded, and expired messages. */
  onWarning?(message: string): void;
}

/** How long a publisher may take to read its answer before its messages are delivered. */
const ANSWER_MAX_MS = 1_000;
/** How often expired messages are dropped. */
const SWEEP_MS = 60_000;

/**
 * Pub/Sub without a wire: one method per RPC, with the requests and responses of Google's generated client. Every method
 * throws CloudError.
 * https://docs.cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1
 */
export class PubSub {
  readonly #schemas: Schemas;
  readonly #topics: Topics;
  readonly #subscriptions: Subscriptions;
  readonly #snapshots: Snapshots;
  readonly #policies: Policies;
  readonly #publisher: Publisher;
  readonly #subscriber: Subscriber;
  readonly #retention: Retention;
  readonly #database: Database;
  readonly #messages: MessageTable;
  readonly #followers = new Followers();
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  #sweep: Timer | undefined;
  #closed = false;

  private constructor(options: PubSubOptions, database: Database) {
    const { clock, iam, warehouse, projectNumber, chaos = new Chaos() } = options;
    const warn = (message: string) => options.onWarning?.(message);
    const messages = new MessageTable(database);
    const table = new ResourceTable(database);
    const schemas = new Schemas({ clock, database, table });
    const retention = new Retention(database, messages);
    const publisher = new Publisher({ clock, database, messages, schemas, followers: this.#followers });
    const topicChanged = (topic: TopicState) => this.#subscriptions.topicChanged(topic);
    const topics = new Topics({
      database,
      table,
      schemas,
      retention,
      changed: topicChanged,
    });
    const bigquery = new BigQuerySubscriptions({
      clock,
      chaos,
      iam,
      warehouse,
      schemas,
      messages,
      projectNumber,
      warn,
    });
    const deadLetters = new DeadLetters({ iam, messages, topics, publisher, projectNumber, warn });
    const subscriptions = new Subscriptions({
      clock,
      chaos,
      database,
      table,
      messages,
      topics,
      retention,
      bigquery,
      deadLetters,
      followers: this.#followers,
      warn,
    });
    this.#subscriptions = subscriptions;
    const snapshots = new Snapshots({
      clock,
      database,
      table,
      messages,
      topics,
      subscriptions,
      retention,
    });
    this.#snapshots = snapshots;
    this.#policies = new Policies({
      iam,
      has: (collection, name) => ({ topics, subscriptions, snapshots, schemas })[collection].has(name),
    });
    this.#subscriber = new Subscriber({ clock, messages, subscriptions });
    this.#schemas = schemas;
    this.#topics = topics;
    this.#publisher = publisher;
    this.#retention = retention;
    this.#database = database;
    this.#messages = messages;
    this.#clock = clock;
    this.#warn = warn;
    this.#restore(table);
    database.onLost(() => {
      for (const { queue } of this.#subscriptions.all()) queue.reset();
    });
    this.#scheduleSweep();
  }

  /** Throws CloudError FAILED_PRECONDITION when the folder is in use. */
  static async open(options: PubSubOptions): Promise<PubSub> {
    const database = new Database(options.path);
    try {
      return new PubSub(options, database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  // Topics

  async createTopic(request: Topic): Promise<Topic> {
    return this.#topics.create(request);
  }

  async getTopic(request: { topic?: string | null }): Promise<Topic> {
    return this.#topics.get(request);
  }

  async updateTopic(request: { topic?: Topic | null; updateMask?: FieldMask | null }): Promise<Topic> {
    return this.#topics.update(request);
  }

  async deleteTopic(request: { topic?: string | null }): Promise<void> {
    return this.#topics.delete(request);
  }

  async listTopics(request: { project?: string | null } & PageRequest) {
    return this.#topics.list(request);
  }

  async listTopicSubscriptions(request: { topic?: string | null } & PageRequest) {
    return this.#topics.listSubscriptions(request);
  }

  /**
   * Resolves with the message ids once the messages survive a crash of the process. A client that listens gets them only after
   * `over` is aborted: once the publisher has its answer, or is gone.
   */
  async publish(
    request: { topic?: string | null; messages?: readonly PubsubMessage[] | null },
    over?: AbortSignal,
  ): Promise<{ messageIds: string[] }> {
    const topic = this.#topics.find(request.topic);
    return {
      messageIds: await this.#publisher.publish(topic, request.messages ?? [], over && this.#aborted(over)),
    };
  }

  /** A client that does not read its answer keeps nobody waiting for longer than ANSWER_MAX_MS. */
  #aborted(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, ANSWER_MAX_MS);
      const done = () => {
        timer.cancel();
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
    });
  }

  // Subscriptions

  /** For a BigQuery subscription, checks the table, its columns and the grants of Pub/Sub's service agent. */
  async createSubscription(request: Subscription): Promise<Subscription> {
    return this.#subscriptions.create(request);
  }

  async getSubscription(request: { subscription?: string | null }): Promise<Subscription> {
    return this.#subscriptions.get(request);
  }

  async updateSubscription(request: {
    subscription?: Subscription | null;
    updateMask?: FieldMask | null;
  }): Promise<Subscription> {
    return this.#subscriptions.update(request);
  }

  async deleteSubscription(request: { subscription?: string | null }): Promise<void> {
    return this.#subscriptions.delete(request);
  }

  async listSubscriptions(request: { project?: string | null } & PageRequest) {
    return this.#subscriptions.list(request);
  }

  async detachSubscription(request: { subscription?: string | null }): Promise<void> {
    return this.#subscriptions.detach(request);
  }

  /** An empty push configuration makes it a pull subscription. */
  async modifyPushConfig(request: {
    subscription?: string | null;
    pushConfig?: PushConfig | null;
  }): Promise<void> {
    const { subscription: name, pushConfig } = request;
    const updateMask = { paths: ['push_config'] };
    await this.#subscriptions.update({ subscription: { name, pushConfig }, updateMask });
  }

  // Messages

  /** Waits up to PULL_WAIT_MS for a first message, unless `returnImmediately` is set. */
  async pull(request: PullRequest, signal?: AbortSignal): Promise<{ receivedMessages: ReceivedMessage[] }> {
    return { receivedMessages: await this.#subscriber.pull(request, signal) };
  }

  async acknowledge(request: AckRequest): Promise<void> {
    return this.#subscriber.acknowledge(request);
  }

  /** 0 seconds is a negative acknowledgement. */
  async modifyAckDeadline(request: AckRequest & { ackDeadlineSeconds?: number | null }): Promise<void> {
    return this.#subscriber.modifyAckDeadline(request);
  }

  /** Opens a stream. The caller passes every request, also the first, to `receive`, and calls `close` at the end. */
  streamingPull(first: StreamingPullRequest, peer: StreamingPullPeer): StreamingPull {
    return this.#subscriber.streamingPull(first, peer);
  }

  /** Seeks to a time or a snapshot. */
  async seek(request: {
    subscription?: string | null;
    time?: Timestamp | null;
    snapshot?: string | null;
  }): Promise<void> {
    const subscription = this.#subscriptions.findAttached(request.subscription);
    const store = { database: this.#database, messages: this.#messages };
    if (request.snapshot) {
      const snapshot = this.#snapshots.find(request.snapshot);
      if (snapshot.topic === subscription.topic) return seekToSnapshot(subscription, snapshot, store);
      throw new CloudError(
        'INVALID_ARGUMENT',
        `${request.snapshot} is of another topic than ${request.subscription}.`,
        { hint: `seek a subscription of ${snapshot.config.topic} to it` },
      );
    }
    if (!request.time) throw new CloudError('INVALID_ARGUMENT', 'Invalid seek: set time or snapshot.');
    await seekToTime(subscription, millisOf(request.time), store);
  }

  // Snapshots

  async createSnapshot(request: Parameters<Snapshots['create']>[0]) {
    return this.#snapshots.create(request);
  }

  async getSnapshot(request: Parameters<Snapshots['get']>[0]) {
    return this.#snapshots.get(request);
  }

  async listSnapshots(request: Parameters<Snapshots['list']>[0]) {
    return this.#snapshots.list(request);
  }

  async listTopicSnapshots(request: Parameters<Snapshots['listOfTopic']>[0]) {
    return this.#snapshots.listOfTopic(request);
  }

  async updateSnapshot(request: Parameters<Snapshots['update']>[0]) {
    return this.#snapshots.update(request);
  }

  async deleteSnapshot(request: Parameters<Snapshots['delete']>[0]) {
    return this.#snapshots.delete(request);
  }

  // IAM policies

  async getIamPolicy(request: Parameters<Policies['get']>[0]) {
    return this.#policies.get(request);
  }

  async setIamPolicy(request: Parameters<Policies['set']>[0]) {
    return this.#policies.set(request);
  }

  async testIamPermissions(
    request: Parameters<Policies['test']>[0],
    access: Parameters<Policies['test']>[1] = DEVELOPER,
  ) {
    return this.#policies.test(request, access);
  }

  /** Unacknowledged messages of a subscription: Cloud Monitoring's `num_undelivered_messages`. */
  async backlogSize(request: { subscription?: string | null }): Promise<number> {
    return this.#messages.backlogSize(this.#subscriptions.find(request.subscription).key);
  }

  /** Tells what happens to the messages that are published with this `traceparent`. Returns a function that ends it. */
  follow: Followers['follow'] = (traceparent, listener) => this.#followers.follow(traceparent, listener);

  /** The values behind the metrics of topics and subscriptions. */
  measurements(): Measurements {
    const parts = { clock: this.#clock, messages: this.#messages, publisher: this.#publisher };
    return measure(this.#topics.all(), this.#subscriptions.all(), parts);
  }

  // Schemas

  async createSchema(request: Parameters<Schemas['create']>[0]) {
    return this.#schemas.create(request);
  }

  async getSchema(request: Parameters<Schemas['get']>[0]) {
    return this.#schemas.get(request);
  }

  async listSchemas(request: Parameters<Schemas['list']>[0]) {
    return this.#schemas.list(request);
  }

  async listSchemaRevisions(request: Parameters<Schemas['listRevisions']>[0]) {
    return this.#schemas.listRevisions(request);
  }

  async commitSchema(request: Parameters<Schemas['commit']>[0]) {
    return this.#schemas.commit(request);
  }

  async rollbackSchema(request: Parameters<Schemas['rollback']>[0]) {
    return this.#schemas.rollback(request);
  }

  async deleteSchemaRevision(request: Parameters<Schemas['deleteRevision']>[0]) {
    return this.#schemas.deleteRevision(request);
  }

  async deleteSchema(request: Parameters<Schemas['delete']>[0]) {
    return this.#schemas.delete(request);
  }

  async validateSchema(request: Parameters<Schemas['validateSchema']>[0]) {
    return this.#schemas.validateSchema(request);
  }

  async validateMessage(request: Parameters<Schemas['validateMessage']>[0]) {
    return this.#schemas.validateMessage(request);
  }

  /** Ends every stream and delivery, after the rows in progress are written. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sweep?.cancel();
    await this.#subscriptions.close();
    this.#database.close();
  }

  #restore(table: ResourceTable): void {
    const topics = new Map<number, TopicState>();
    const stored = table.all();
    for (const resource of stored) if (resource.kind === 'schema') this.#schemas.restore(resource);
    for (const resource of stored) {
      if (resource.kind === 'topic') topics.set(resource.key, this.#topics.restore(resource));
    }
    for (const resource of stored)
      if (resource.kind === 'subscription') this.#subscriptions.restore(resource, topics);
    for (const resource of stored)
      if (resource.kind === 'snapshot') this.#snapshots.restore(resource, topics);
    this.#collectOrphans(topics);
    this.#subscriptions.start();
  }

  /** Deletes the messages of resources whose deletion a crash interrupted. */
  #collectOrphans(topics: ReadonlyMap<number, TopicState>): void {
    const known = new Set(topics.keys());
    for (const { key } of [...this.#subscriptions.all(), ...this.#snapshots.all()]) known.add(key);
    const orphans = this.#messages.owners().filter((owner) => !known.has(owner));
    if (orphans.length === 0) return;
    void this.#database.write(() => {
      for (const owner of orphans) this.#messages.forgetOwner(owner);
      this.#messages.collectAll();
    });
  }

  #scheduleSweep(): void {
    if (this.#closed) return;
    this.#sweep = this.#clock.setTimeout(
      () => void this.#sweepAll().finally(() => this.#scheduleSweep()),
      SWEEP_MS,
    );
  }

  async #sweepAll(): Promise<void> {
    const now = this.#clock.now();
    try {
      for (const subscription of [...this.#subscriptions.all()]) {
        await this.#retention.sweepSubscription(subscription, now, (count) =>
          this.#warn(
            `${count} message(s) of ${subscription.config.name} expired unacknowledged and were dropped.`,
          ),
        );
      }
      await this.#snapshots.sweep(now);
      for (const topic of [...this.#topics.all()]) await this.#retention.sweepTopic(topic, now);
    } catch (error) {
      this.#warn(`Cannot drop expired messages: ${reasonOf(error)}`);
    }
  }
}

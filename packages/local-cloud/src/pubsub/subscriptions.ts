import { isDeepStrictEqual } from 'node:util';
import type { Chaos } from '../chaos.ts';
import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import type { BigQuerySubscriptions } from './bigquery-subscriptions.ts';
import type { DeadLetters } from './dead-letters.ts';
import { type DeliveryPolicy, DeliveryQueue } from './delivery-queue.ts';
import { parseFilter } from './filter.ts';
import type { Followers } from './followers.ts';
import { alreadyExists, checkName, checkProject, idOf, notFound } from './names.ts';
import { type PageRequest, pageOf } from './pages.ts';
import type { StoredPushConfig } from './push-config.ts';
import { PushDelivery } from './push-delivery.ts';
import { DELETED_TOPIC, type FieldMask, type Subscription } from './resources.ts';
import { type Retention, retentionMs } from './retention.ts';
import { backoffOf, NO_BACKOFF, PUSH_BACKOFF } from './retry-policy.ts';
import { deletedTopic, ownersOf, type SubscriptionState, type TopicState } from './state.ts';
import type { Database } from './store/database.ts';
import type { MessageTable } from './store/message-table.ts';
import type { ResourceTable, StoredResource } from './store/resource-table.ts';
import { checkSubscription, SUBSCRIPTION_MASK, type SubscriptionConfig } from './subscription-config.ts';
import type { Topics } from './topics.ts';
import { applyMask } from './update-mask.ts';

interface SubscriptionsOptions {
  readonly clock: Clock;
  readonly chaos: Chaos;
  readonly database: Database;
  readonly table: ResourceTable;
  readonly messages: MessageTable;
  readonly topics: Topics;
  readonly retention: Retention;
  readonly bigquery: BigQuerySubscriptions;
  readonly deadLetters: DeadLetters;
  readonly followers: Followers;
  warn(message: string): void;
}

/** Refers to the topic by its key, which outlives the topic's name. */
interface StoredSubscription {
  readonly config: SubscriptionConfig;
  readonly topicKey: number;
}

/** The subscriptions of this Pub/Sub. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #subscriptions = new Map<string, SubscriptionState>();
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** `topics` maps keys to topics; a deleted topic is added to it. */
  restore({ key, body }: StoredResource, topics: Map<number, TopicState>): void {
    const { config, topicKey } = JSON.parse(body) as StoredSubscription;
    let topic = topics.get(topicKey);
    if (!topic) {
      topic = deletedTopic(topicKey, config.topic);
      topics.set(topicKey, topic);
    }
    this.#add(key, config, topic);
  }

  all(): Iterable<SubscriptionState> {
    return this.#subscriptions.values();
  }

  has(name: string): boolean {
    return this.#subscriptions.has(name);
  }

  /** Throws NOT_FOUND. */
  find(name: string | null | undefined): SubscriptionState {
    const subscription = this.#subscriptions.get(checkName('subscriptions', name));
    if (!subscription) throw notFound(String(name));
    return subscription;
  }

  /** Throws NOT_FOUND, or FAILED_PRECONDITION when the subscription is detached. */
  findAttached(name: string | null | undefined): SubscriptionState {
    const subscription = this.find(name);
    if (subscription.config.detached) throw detachedError(subscription.config);
    return subscription;
  }

  /** Starts the BigQuery subscriptions. Called once, after everything is restored. */
  start(): void {
    for (const subscription of this.#subscriptions.values()) this.#connect(subscription);
  }

  async create(request: Subscription): Promise<Subscription> {
    const config = checkSubscription(request, checkName('topics', request.topic));
    this.#checkNew(config);
    const topic = this.#options.topics.find(config.topic);
    this.#checkDeadLetterTopic(config);
    await this.#options.bigquery.check(config, topic);
    // Another request may have created or deleted a resource while the table was checked.
    this.#checkNew(config);
    if (topic.deleted) throw notFound(config.topic);
    const { database, table } = this.#options;
    return database.write(() => {
      const key = table.insert('subscription', config.name, { config, topicKey: topic.key });
      const subscription = this.#add(key, config, topic);
      this.#connect(subscription);
      return this.#answer(subscription);
    });
  }

  get(request: { subscription?: string | null }): Subscription {
    return this.#answer(this.find(request.subscription));
  }

  update(request: {
    subscription?: Subscription | null;
    updateMask?: FieldMask | null;
  }): Promise<Subscription> {
    return this.#inTurn(() => this.#update(request));
  }

  async #update(request: {
    subscription?: Subscription | null;
    updateMask?: FieldMask | null;
  }): Promise<Subscription> {
    const subscription = this.find(request.subscription?.name);
    const merged = applyMask<Subscription>(
      subscription.config,
      request.subscription ?? {},
      request.updateMask,
      SUBSCRIPTION_MASK,
    );
    const config = {
      ...checkSubscription(merged, subscription.config.topic),
      ...(subscription.config.detached && { detached: true }),
    };
    this.#checkDeadLetterTopic(config);
    // Skips an unchanged table: it may be broken while another setting is corrected.
    if (!isDeepStrictEqual(config.bigqueryConfig, subscription.config.bigqueryConfig)) {
      await this.#options.bigquery.check(config, subscription.topic);
    }
    await this.#disconnect(subscription);
    await this.#store(subscription, config);
    this.#connect(subscription);
    return this.#answer(subscription);
  }

  delete(request: { subscription?: string | null }): Promise<void> {
    return this.#inTurn(() => this.#delete(request));
  }

  async #delete(request: { subscription?: string | null }): Promise<void> {
    const subscription = this.find(request.subscription);
    this.#subscriptions.delete(subscription.config.name);
    await this.#disconnect(subscription);
    subscription.queue.close(notFound(subscription.config.name));
    const { database, table, retention } = this.#options;
    await database.write(() => {
      table.delete(subscription.key);
      subscription.topic.subscriptions.delete(subscription);
    });
    await retention.purge(subscription.key, subscription.topic);
  }

  /** The subscription loses its backlog and receives no further messages. https://docs.cloud.google.com/pubsub/docs/detach-subscriptions */
  detach(request: { subscription?: string | null }): Promise<void> {
    return this.#inTurn(() => this.#detach(request));
  }

  async #detach(request: { subscription?: string | null }): Promise<void> {
    const subscription = this.find(request.subscription);
    if (subscription.config.detached) return;
    await this.#disconnect(subscription);
    await this.#store(subscription, { ...subscription.config, detached: true });
    subscription.queue.close(detachedError(subscription.config));
    await this.#options.retention.purge(subscription.key, subscription.topic);
  }

  list(request: { project?: string | null } & PageRequest): {
    subscriptions: Subscription[];
    nextPageToken: string;
  } {
    const prefix = `${checkProject(request.project)}/subscriptions/`;
    const all = [...this.#subscriptions.values()].filter(({ config }) => config.name.startsWith(prefix));
    const { items, nextPageToken } = pageOf(all, ({ config }) => idOf(config.name), request);
    return { subscriptions: items.map((subscription) => this.#answer(subscription)), nextPageToken };
  }

  /** Applies the settings of a topic, such as its retention, to its subscriptions. */
  topicChanged(topic: TopicState): void {
    for (const subscription of topic.subscriptions) subscription.queue.setPolicy(policyOf(subscription));
  }

  async close(): Promise<void> {
    await Promise.all(
      Array.from(this.#subscriptions.values(), (subscription) => this.#disconnect(subscription)),
    );
    const closing = new CloudError('UNAVAILABLE', 'The server is shutting down.');
    for (const { queue } of this.#subscriptions.values()) queue.close(closing);
  }

  /** Runs changes of subscriptions one at a time: each stops and starts a delivery. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => {});
    return done;
  }

  #add(key: number, config: SubscriptionConfig, topic: TopicState): SubscriptionState {
    const { clock, chaos, database, messages, deadLetters, followers } = this.#options;
    const queue = new DeliveryQueue({
      key,
      name: config.name,
      clock,
      chaos,
      database,
      messages,
      followers,
      policy: policyOf({ config, topic }),
      collect: (ids) => messages.collect(ids, ownersOf(topic), key),
      deadLetter: (id, attempts, reason) => deadLetters.forward(subscription, { id, attempts, reason }),
    });
    const filter = config.filter ? parseFilter(config.filter) : undefined;
    const subscription: SubscriptionState = {
      key,
      topic,
      config,
      filter,
      queue,
      delivery: undefined,
      warned: undefined,
    };
    topic.subscriptions.add(subscription);
    this.#subscriptions.set(config.name, subscription);
    return subscription;
  }

  #connect(subscription: SubscriptionState): void {
    const { bigqueryConfig, pushConfig, detached } = subscription.config;
    if (detached) return;
    if (bigqueryConfig) subscription.delivery = this.#options.bigquery.start(subscription, bigqueryConfig);
    if (pushConfig) subscription.delivery = this.#push(subscription, pushConfig);
  }

  async #disconnect(subscription: SubscriptionState): Promise<void> {
    await subscription.delivery?.close();
    subscription.delivery = undefined;
  }

  #push({ queue, config }: SubscriptionState, { pushEndpoint }: StoredPushConfig): PushDelivery {
    const { clock, messages, warn } = this.#options;
    return new PushDelivery({
      clock,
      queue,
      subscription: config.name,
      endpoint: pushEndpoint,
      ackDeadlineSeconds: config.ackDeadlineSeconds,
      backoff: backoffOf(config.retryPolicy, PUSH_BACKOFF),
      hasDeadLetterTopic: config.deadLetterPolicy !== undefined,
      attributesOf: ({ message }) => messages.attributesOf(message),
      failed: (reason) => warn(`${config.name} cannot push: ${reason}.`),
    });
  }

  #store(subscription: SubscriptionState, config: SubscriptionConfig): Promise<void> {
    const { database, table } = this.#options;
    return database.write(() => {
      const stored: StoredSubscription = { config, topicKey: subscription.topic.key };
      table.update(subscription.key, stored);
      subscription.config = config;
      subscription.warned = undefined;
      subscription.queue.setPolicy(policyOf(subscription));
    });
  }

  #checkNew({ name }: SubscriptionConfig): void {
    if (this.#subscriptions.has(name)) throw alreadyExists(name);
  }

  #checkDeadLetterTopic({ deadLetterPolicy }: SubscriptionConfig): void {
    if (deadLetterPolicy && !this.#options.topics.has(deadLetterPolicy.deadLetterTopic)) {
      throw new CloudError(
        'NOT_FOUND',
        `Dead letter topic not found (resource=${deadLetterPolicy.deadLetterTopic}).`,
      );
    }
  }

  #answer({ config, topic, delivery }: SubscriptionState): Subscription {
    const state = delivery?.state ?? 'ACTIVE';
    const { bigqueryConfig, detached = false } = config;
    const retention = topic.deleted ? undefined : topic.config.messageRetentionDuration;
    return {
      ...config,
      detached,
      topic: topic.deleted ? DELETED_TOPIC : config.topic,
      state: state === 'ACTIVE' ? 'ACTIVE' : 'RESOURCE_ERROR',
      ...(bigqueryConfig && { bigqueryConfig: { ...bigqueryConfig, state } }),
      ...(retention && { topicMessageRetentionDuration: retention }),
    };
  }
}

function detachedError({ name }: SubscriptionConfig): CloudError {
  return new CloudError('FAILED_PRECONDITION', `Subscription is detached (resource=${name}).`);
}

function policyOf(subscription: Pick<SubscriptionState, 'config' | 'topic'>): DeliveryPolicy {
  const { config } = subscription;
  return {
    ordered: config.enableMessageOrdering,
    backoff: backoffOf(config.retryPolicy, NO_BACKOFF),
    maxDeliveryAttempts: config.deadLetterPolicy?.maxDeliveryAttempts,
    retentionMs: retentionMs(subscription),
    retainAcked: config.retainAckedMessages,
    exactlyOnce: config.enableExactlyOnceDelivery ?? false,
  };
}

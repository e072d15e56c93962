import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import { isSet } from './fields.ts';
import type { Followers } from './followers.ts';
import {
  ATTRIBUTE_KEY_MAX_BYTES,
  ATTRIBUTE_VALUE_MAX_BYTES,
  ATTRIBUTES_MAX,
  ORDERING_KEY_MAX_BYTES,
  PUBLISH_MAX_BYTES,
  PUBLISH_MAX_MESSAGES,
} from './limits.ts';
import type { PubsubMessage } from './resources.ts';
import { type SchemaRevision, type Schemas, unparsable } from './schemas.ts';
import type { SubscriptionState, TopicState } from './state.ts';
import type { Database } from './store/database.ts';
import type { MessageTable } from './store/message-table.ts';

const EMPTY = new Uint8Array();

/** Results of a publish request, in Cloud Monitoring's spelling. */
const SUCCESS = 'success';
const REFUSED = 'invalid_argument';
const INTERNAL = 'internal';

/** Checks messages and appends them to a topic. A request is published whole or not at all. */
export class Publisher {
  readonly #clock: Clock;
  readonly #database: Database;
  readonly #messages: MessageTable;
  readonly #schemas: Schemas;
  readonly #followers: Followers;
  readonly #requests = new WeakMap<TopicState, Map<string, number>>();
  readonly #published = new WeakMap<TopicState, number>();

  constructor(options: {
    clock: Clock;
    database: Database;
    messages: MessageTable;
    schemas: Schemas;
    followers: Followers;
  }) {
    this.#followers = options.followers;
    this.#clock = options.clock;
    this.#database = options.database;
    this.#messages = options.messages;
    this.#schemas = options.schemas;
  }

  /**
   * Resolves with the message ids once the messages are committed. Clients that listen get them after `answered`. Throws
   * INVALID_ARGUMENT, NOT_FOUND.
   */
  async publish(
    topic: TopicState,
    messages: readonly PubsubMessage[],
    answered: Promise<void> = Promise.resolve(),
  ): Promise<string[]> {
    try {
      checkRequest(messages);
      messages.forEach(checkMessage);
      const ids = await this.append(topic, messages, answered);
      this.#count(topic, SUCCESS);
      return ids;
    } catch (error) {
      this.#count(topic, error instanceof CloudError ? error.code.toLowerCase() : INTERNAL);
      throw error;
    }
  }

  /** Counts of publish requests by result: `success`, or the error's canonical code in lower case. */
  requestsOf(topic: TopicState): ReadonlyMap<string, number> {
    let requests = this.#requests.get(topic);
    if (!requests) {
      // Starts at 0: PromQL's `increase` misses the first event of a counter that appears with it.
      requests = new Map([SUCCESS, REFUSED, INTERNAL].map((result) => [result, 0]));
      this.#requests.set(topic, requests);
    }
    return requests;
  }

  /** Messages that the topic got. */
  publishedTo(topic: TopicState): number {
    return this.#published.get(topic) ?? 0;
  }

  /** Publishes a message of Pub/Sub itself: only the topic's schema is checked. */
  append(
    topic: TopicState,
    messages: readonly PubsubMessage[],
    answered: Promise<void> = Promise.resolve(),
  ): Promise<string[]> {
    const stampOf = this.#checkSchema(topic, messages);
    const retaining = [...topic.snapshots].map(({ key }) => key);
    if (topic.config.messageRetentionDuration !== undefined) retaining.push(topic.key);
    const attached = Array.from(topic.subscriptions).filter(({ config }) => !config.detached);
    const receives = attached.map((subscription) => ({ subscription, ids: [] as number[] }));
    const now = this.#clock.now();
    const write = this.#database.write(() => {
      const ids = messages.map((message, index) => {
        const stamp = stampOf(index);
        const recipients = receives.filter(
          ({ subscription: { filter } }) => !filter || filter({ ...message.attributes, ...stamp }),
        );
        if (recipients.length === 0 && retaining.length === 0) return this.#messages.takeId();
        const id = this.#insert(message, stamp, now);
        for (const { ids } of recipients) ids.push(id);
        this.#followers.published(id, topic.config.name, message.attributes ?? {});
        return id;
      });
      for (const owner of retaining) this.#messages.retain(owner, ids);
      for (const { subscription, ids } of receives) {
        this.#messages.enqueue(subscription.key, ids, subscription.config.enableMessageOrdering);
      }
      return ids.map(String);
    });
    // A failed commit is in the result of its request.
    write.then(
      ({ length }) => this.#published.set(topic, this.publishedTo(topic) + length),
      () => undefined,
    );
    this.#wake(receives, write, answered);
    return write;
  }

  /** Tables are written to at once; a client that listens gets the messages after `answered`. */
  #wake(
    receives: readonly { readonly subscription: SubscriptionState; readonly ids: readonly number[] }[],
    write: Promise<unknown>,
    answered: Promise<void>,
  ): void {
    for (const { subscription, ids } of receives) {
      const { queue, config } = subscription;
      const [id] = ids;
      if (id === undefined) continue;
      // Also after a failed write, so that nothing is held for ever.
      if (config.bigqueryConfig) {
        void Promise.allSettled([write]).then(() => queue.wake());
      } else {
        queue.hold(id);
        void Promise.allSettled([write.then(() => answered)]).then(() => queue.announce(id));
      }
    }
  }

  #count(topic: TopicState, result: string): void {
    const requests = this.requestsOf(topic) as Map<string, number>;
    requests.set(result, (requests.get(result) ?? 0) + 1);
  }

  #insert(message: PubsubMessage, stamp: Stamp | undefined, now: number): number {
    const attributes = message.attributes ?? {};
    return this.#messages.insert(
      {
        orderingKey: message.orderingKey || null,
        attributes: Object.keys(attributes).length > 0 ? JSON.stringify(attributes) : null,
        stamp: stamp ? this.#messages.stamp(stamp) : null,
        data: dataOf(message),
      },
      now,
    );
  }

  /** Gives the stamp of each message by its index. One bad message fails the whole request, as at Google. */
  #checkSchema(topic: TopicState, messages: readonly PubsubMessage[]): (index: number) => Stamp | undefined {
    const settings = topic.config.schemaSettings;
    if (!settings) return () => undefined;
    const revisions = this.#schemas.accepted(settings);
    const accepted = messages.map((message, index) =>
      acceptedBy(revisions, dataOf(message), settings.encoding, index, messages.length),
    );
    const stamps = new Map(
      revisions.map((revision) => [
        revision,
        {
          googclient_schemaencoding: settings.encoding,
          googclient_schemaname: settings.schema,
          googclient_schemarevisionid: revision.revisionId,
        },
      ]),
    );
    return (index) => {
      const revision = accepted[index];
      return revision && stamps.get(revision);
    };
  }
}

/** protobuf.js decodes missing data to an empty array, which is not a Uint8Array. */
function dataOf({ data }: PubsubMessage): Uint8Array {
  return data?.byteLength ? data : EMPTY;
}

/** The attributes that Pub/Sub adds to a message. */
type Stamp = Readonly<Record<string, string>>;

function acceptedBy(
  revisions: readonly SchemaRevision[],
  data: Uint8Array,
  encoding: 'JSON' | 'BINARY',
  index: number,
  count: number,
): SchemaRevision {
  let first: unknown;
  for (const revision of revisions) {
    try {
      revision.avro.check(data, encoding);
      return revision;
    } catch (error) {
      first ??= error;
    }
  }
  throw unparsable(first, `message ${index + 1} of ${count}; the whole request is refused: `);
}

function checkRequest(messages: readonly PubsubMessage[]): void {
  if (messages.length === 0) throw new CloudError('INVALID_ARGUMENT', 'No messages to publish');
  if (messages.length > PUBLISH_MAX_MESSAGES) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `The value for message_count is too large. You passed ${messages.length} in the request, but the maximum value is ${PUBLISH_MAX_MESSAGES}.`,
    );
  }
  const bytes = messages.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
  if (bytes > PUBLISH_MAX_BYTES) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Request payload size exceeds the limit: ${PUBLISH_MAX_BYTES} bytes (the request has ${bytes}).`,
    );
  }
  const key = messages[0]?.orderingKey ?? '';
  if (messages.some(({ orderingKey }) => (orderingKey ?? '') !== key)) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      'All messages in a publish request must have the same ordering_key.',
    );
  }
}

function checkMessage({ data, attributes, orderingKey, messageId, publishTime }: PubsubMessage): void {
  const entries = Object.entries(attributes ?? {});
  if (!data?.byteLength && entries.length === 0) {
    throw new CloudError('INVALID_ARGUMENT', 'Some messages are empty', {
      hint: 'a message needs data or an attribute',
    });
  }
  if (messageId || isSet(publishTime)) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      'Pub/Sub sets message_id and publish_time; the publisher must leave them empty.',
    );
  }
  checkBytes('ordering_key', orderingKey ?? '', ORDERING_KEY_MAX_BYTES);
  if (entries.length > ATTRIBUTES_MAX) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `A message has ${entries.length} attributes; at most ${ATTRIBUTES_MAX} are allowed.`,
    );
  }
  for (const [key, value] of entries) {
    if (key === '' || isReserved(key)) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Invalid attribute key "${key}": it must not be empty or start with "goog".`,
      );
    }
    checkBytes('attribute key', key, ATTRIBUTE_KEY_MAX_BYTES);
    checkBytes(`value of attribute "${key}"`, value, ATTRIBUTE_VALUE_MAX_BYTES);
  }
}

/**
 * Google reserves keys that start with "goog". Its client libraries publish the trace context under "googclient_".
 * https://docs.cloud.google.com/pubsub/docs/open-telemetry-tracing
 */
function isReserved(key: string): boolean {
  return key.startsWith('goog') && !key.startsWith('googclient_');
}

function checkBytes(name: string, text: string, max: number): void {
  // UTF-8 needs at most 3 bytes per UTF-16 unit, so most texts need no exact count.
  if (text.length * 3 <= max) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > max) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Invalid ${name}: it has ${bytes} bytes; at most ${max} are allowed.`,
    );
  }
}

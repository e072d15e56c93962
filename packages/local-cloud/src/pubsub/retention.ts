import { secondsOf } from './resources.ts';
import { ownersOf, type SubscriptionState, type TopicState } from './state.ts';
import type { Database } from './store/database.ts';
import type { MessageTable } from './store/message-table.ts';

/** Messages dropped per transaction. */
const CHUNK = 1_000;

/** Milliseconds for which a subscription keeps messages: its own retention or its topic's, whichever is longer. */
export function retentionMs({ config, topic }: Pick<SubscriptionState, 'config' | 'topic'>): number {
  return Math.max(secondsOf(config.messageRetentionDuration), topicRetentionSeconds(topic)) * 1e3;
}

function topicRetentionSeconds({ config, deleted }: TopicState): number {
  return deleted ? 0 : secondsOf(config.messageRetentionDuration ?? {});
}

/** Drops expired messages. */
export class Retention {
  readonly #database: Database;
  readonly #messages: MessageTable;

  constructor(database: Database, messages: MessageTable) {
    this.#database = database;
    this.#messages = messages;
  }

  /** Calls `expired` with the number of unacknowledged messages dropped, if any. */
  async sweepSubscription(
    subscription: SubscriptionState,
    now: number,
    expired: (count: number) => void,
  ): Promise<void> {
    const { key, topic, queue } = subscription;
    const before = now - retentionMs(subscription);
    const count = await this.#drop('backlog', key, topic, before, (ids) => queue.forget(ids));
    if (count > 0) expired(count);
    await this.#drop('retained', key, topic, before);
  }

  async sweepTopic(topic: TopicState, now: number): Promise<void> {
    await this.#drop('retained', topic.key, topic, now - topicRetentionSeconds(topic) * 1e3);
  }

  /** Drops all messages of an owner, in chunks that leave the event loop free in between. */
  async purge(owner: number, topic: TopicState): Promise<void> {
    await this.#drop('backlog', owner, topic, Number.POSITIVE_INFINITY);
    await this.#drop('retained', owner, topic, Number.POSITIVE_INFINITY);
  }

  async #drop(
    from: 'backlog' | 'retained',
    owner: number,
    topic: TopicState,
    before: number,
    dropped?: (ids: readonly number[]) => void,
  ): Promise<number> {
    let count = 0;
    for (;;) {
      const oldest = this.#messages.oldest(from, owner, CHUNK);
      const ids = oldest.filter(({ publishTime }) => publishTime < before).map(({ id }) => id);
      if (ids.length === 0) return count;
      await this.#database.write(() => {
        if (from === 'backlog') this.#messages.dequeue(owner, ids);
        else this.#messages.release(owner, ids);
        this.#messages.collect(ids, ownersOf(topic), from === 'backlog' ? owner : undefined);
      });
      dropped?.(ids);
      count += ids.length;
    }
  }
}

import { ownersOf, type SnapshotState, type SubscriptionState } from './state.ts';
import type { Database } from './store/database.ts';
import type { MessageTable } from './store/message-table.ts';

interface Store {
  readonly database: Database;
  readonly messages: MessageTable;
}

/**
 * Acknowledges the messages published before a time, and returns to the backlog those published since and retained by the
 * subscription (`retain_acked_messages`) or its topic.
 * https://docs.cloud.google.com/pubsub/docs/replay-overview
 */
export async function seekToTime(subscription: SubscriptionState, time: number, store: Store): Promise<void> {
  const { key, topic } = subscription;
  const passed = () => store.messages.backlogBefore(key, time);
  await seek(subscription, { passed, owners: topic.deleted ? [key] : [key, topic.key], since: time }, store);
}

/** Acknowledges all messages but those of the snapshot, and returns these to the backlog. */
export async function seekToSnapshot(
  subscription: SubscriptionState,
  snapshot: SnapshotState,
  store: Store,
): Promise<void> {
  const passed = () => store.messages.backlogBeyond(subscription.key, snapshot.key);
  await seek(subscription, { passed, owners: [snapshot.key], since: 0 }, store);
}

/** Acknowledges the `passed` messages, and returns those that `owners` retain to the backlog. */
async function seek(
  { key, topic, config, filter, queue }: SubscriptionState,
  { passed, owners, since }: { passed(): number[]; owners: readonly number[]; since: number },
  { database, messages }: Store,
): Promise<void> {
  await database.write(() => {
    const ids = passed();
    messages.dequeue(key, ids);
    if (config.retainAckedMessages) messages.retain(key, ids);
    messages.collect(ids, ownersOf(topic), key);
    for (const owner of owners) {
      const retained = messages.retainedSince(owner, since);
      const passing = filter ? retained.filter((one) => filter(messages.attributesOf(one))) : retained;
      const returned = passing.map(({ id }) => id);
      messages.enqueue(key, returned, config.enableMessageOrdering);
      messages.release(key, returned);
    }
    messages.endWaits(key);
  });
  queue.sought();
}

import { ownersOf, type SubscriptionState } from './state.ts';
import type { Database } from './store/database.ts';
import type { MessageTable } from './store/message-table.ts';

/**
 * Acknowledges the messages published before a time, and returns to the backlog those published since and retained by the
 * subscription (`retain_acked_messages`) or its topic.
 * https://docs.cloud.google.com/pubsub/docs/replay-overview
 */
export async function seekToTime(
  subscription: SubscriptionState,
  time: number,
  { database, messages }: { database: Database; messages: MessageTable },
): Promise<void> {
  const { key, topic, config, filter, queue } = subscription;
  await database.write(() => {
    const passed = messages.backlogBefore(key, time);
    messages.dequeue(key, passed);
    if (config.retainAckedMessages) messages.retain(key, passed);
    messages.collect(passed, ownersOf(topic), key);
    for (const owner of topic.deleted ? [key] : [key, topic.key]) {
      const retained = messages.retainedSince(owner, time);
      const passing = filter ? retained.filter((one) => filter(messages.attributesOf(one))) : retained;
      const ids = passing.map(({ id }) => id);
      messages.enqueue(key, ids, config.enableMessageOrdering);
      if (owner === key) messages.release(key, ids);
    }
    messages.endWaits(key);
  });
  queue.reset();
}

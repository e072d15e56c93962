import { ownersOf, type SubscriptionState } from './state.ts';
import type { Database } from './store/database.ts';
import type { MessageTable } from './store/message-table.ts';

/**
 * Marks what was published before a time as acknowledged and brings back what was published since and is retained, by
 * the subscription (`retain_acked_messages`) or by its topic.
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
    for (const id of passed) {
      messages.dequeue(key, id);
      if (config.retainAckedMessages) messages.retain(key, id);
    }
    messages.collect(passed, ownersOf(topic), key);
    for (const owner of topic.deleted ? [key] : [key, topic.key]) {
      for (const message of messages.retainedSince(owner, time)) {
        if (filter && !filter(messages.attributesOf(message))) continue;
        messages.enqueue(key, message.id, config.enableMessageOrdering ? message.orderingKey : null);
        if (owner === key) messages.release(key, message.id);
      }
    }
    messages.endWaits(key);
  });
  queue.reset();
}

import type { BigQueryDelivery } from '../bigquery-subscription/delivery.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Filter } from './filter.ts';
import type { SubscriptionConfig } from './subscription-config.ts';
import type { TopicConfig } from './topic-config.ts';

/** A topic that exists, or one that was deleted and still has subscriptions with a backlog. */
export interface TopicState {
  /** Owns what the topic itself retains. */
  readonly key: number;
  config: TopicConfig;
  readonly subscriptions: Set<SubscriptionState>;
  deleted: boolean;
}

export interface SubscriptionState {
  /** Owns its backlog and what it retains. */
  readonly key: number;
  readonly topic: TopicState;
  config: SubscriptionConfig;
  readonly filter: Filter | undefined;
  readonly queue: DeliveryQueue;
  bigquery: BigQueryDelivery | undefined;
  /** The last warning about its dead letters, so that it is not repeated for each message. */
  warned: string | undefined;
}

/** Everybody who may still need a message of the topic. */
export function ownersOf(topic: TopicState): number[] {
  return [topic.key, ...Array.from(topic.subscriptions, ({ key }) => key)];
}

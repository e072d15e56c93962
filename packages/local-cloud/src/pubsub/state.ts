import type { BigQueryDelivery } from '../bigquery-subscription/delivery.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Filter } from './filter.ts';
import type { PushDelivery } from './push-delivery.ts';
import type { SubscriptionConfig } from './subscription-config.ts';
import type { TopicConfig } from './topic-config.ts';

/** A topic. A deleted one lives on while subscriptions refer to it. */
export interface TopicState {
  /** Owner of the messages that the topic retains. */
  readonly key: number;
  config: TopicConfig;
  readonly subscriptions: Set<SubscriptionState>;
  readonly snapshots: Set<SnapshotState>;
  deleted: boolean;
}

export function topicOf(key: number, config: TopicConfig): TopicState {
  return { key, config, subscriptions: new Set(), snapshots: new Set(), deleted: false };
}

/** A topic that lives on for what still refers to it. */
export function deletedTopic(key: number, name: string): TopicState {
  return { ...topicOf(key, { name }), deleted: true };
}

export interface SubscriptionState {
  /** Owner of the backlog and of the messages that the subscription retains. */
  readonly key: number;
  readonly topic: TopicState;
  config: SubscriptionConfig;
  readonly filter: Filter | undefined;
  readonly queue: DeliveryQueue;
  /** Delivers to a table or an endpoint; undefined for a pull subscription. */
  delivery: BigQueryDelivery | PushDelivery | undefined;
  /** The last warning about dead letters, to avoid repeating it for each message. */
  warned: string | undefined;
}

export interface SnapshotState {
  /** Owner of the messages that the snapshot retains. */
  readonly key: number;
  readonly topic: TopicState;
  config: {
    readonly name: string;
    readonly topic: string;
    readonly labels?: Record<string, string> | undefined;
    /** Milliseconds since the epoch. */
    readonly expireTime: number;
  };
}

/** Every owner that may need a message of the topic. */
export function ownersOf(topic: TopicState): number[] {
  return [topic.key, ...Array.from([...topic.subscriptions, ...topic.snapshots], ({ key }) => key)];
}

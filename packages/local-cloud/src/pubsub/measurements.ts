import type { Clock } from '../clock.ts';
import { idOf, projectIdOf } from './names.ts';
import type { Publisher } from './publisher.ts';
import type { SubscriptionState, TopicState } from './state.ts';
import type { MessageTable } from './store/message-table.ts';

/** The values behind the metrics of Cloud Monitoring. Counts start at 0 with the process. */
export interface Measurements {
  readonly topics: readonly {
    readonly projectId: string;
    readonly id: string;
    /** Publish requests by result: `success`, `invalid_argument`, … */
    readonly requests: ReadonlyMap<string, number>;
    /** Messages published, dead letters included. */
    readonly published: number;
  }[];
  readonly subscriptions: readonly {
    readonly projectId: string;
    readonly id: string;
    /** Unacknowledged messages. */
    readonly backlog: number;
    /** Age of the oldest unacknowledged message in seconds; 0 without a backlog. */
    readonly oldestAgeSeconds: number;
    /** Messages acknowledged, or written to the table. */
    readonly acknowledged: number;
    /** Messages forwarded to the dead-letter topic. */
    readonly deadLettered: number;
  }[];
}

export function measure(
  topics: Iterable<TopicState>,
  subscriptions: Iterable<SubscriptionState>,
  parts: { readonly clock: Clock; readonly messages: MessageTable; readonly publisher: Publisher },
): Measurements {
  const { clock, messages, publisher } = parts;
  return {
    topics: Array.from(topics, (topic) => ({
      ...nameOf(topic.config.name),
      requests: publisher.requestsOf(topic),
      published: publisher.publishedTo(topic),
    })),
    subscriptions: Array.from(subscriptions, ({ key, config, queue }) => {
      const [oldest] = messages.oldest('backlog', key, 1);
      const age = oldest === undefined ? 0 : clock.now() - oldest.publishTime;
      return {
        ...nameOf(config.name),
        backlog: messages.backlogSize(key),
        oldestAgeSeconds: Math.max(0, age) / 1_000,
        ...queue.counts,
      };
    }),
  };
}

function nameOf(name: string) {
  return { projectId: projectIdOf(name), id: idOf(name) };
}

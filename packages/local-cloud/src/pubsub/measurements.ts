import type { Clock } from '../clock.ts';
import { idOf, projectIdOf } from './names.ts';
import type { Publisher } from './publisher.ts';
import type { SubscriptionState, TopicState } from './state.ts';
import type { MessageTable } from './store/message-table.ts';

/** What Cloud Monitoring would know. Counts begin with the process. */
export interface Measurements {
  readonly topics: readonly {
    readonly projectId: string;
    readonly id: string;
    /** Publish requests by their result: `success`, `invalid_argument`, … */
    readonly requests: ReadonlyMap<string, number>;
  }[];
  readonly subscriptions: readonly {
    readonly projectId: string;
    readonly id: string;
    /** Messages that are not acknowledged. */
    readonly backlog: number;
    /** Seconds; 0 when there is no such message. */
    readonly oldestAgeSeconds: number;
    /** Messages. */
    readonly acknowledged: number;
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

import { type Iam, pubsubServiceAgent, rolesWith } from '../iam.ts';
import { idOf, projectIdOf } from './names.ts';
import type { Publisher } from './publisher.ts';
import { reasonOf } from './reason.ts';
import type { PubsubMessage } from './resources.ts';
import type { SubscriptionState } from './state.ts';
import type { MessageTable, StoredMessage } from './store/message-table.ts';
import type { SubscriptionConfig } from './subscription-config.ts';
import type { Topics } from './topics.ts';

/** Characters of the reason in a dead letter: at 4 bytes each, they fit an attribute's limit of 1,024 bytes. */
const REASON_MAX_CHARACTERS = 256;

interface DeadLettersOptions {
  readonly iam: Iam;
  readonly messages: MessageTable;
  readonly topics: Topics;
  readonly publisher: Publisher;
  projectNumber(projectId: string): string;
  warn(message: string): void;
}

/** A message that used up its delivery attempts. */
interface Exhausted {
  readonly id: number;
  readonly attempts: number;
  readonly reason: string | undefined;
}

/** Forwards messages to dead-letter topics. https://docs.cloud.google.com/pubsub/docs/handling-failures */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /**
   * Forwards a message. Returns false when that is impossible: the message then stays in the backlog and is redelivered,
   * as at Google. Call it inside the write that removes the message, so that both are one transaction.
   */
  forward(subscription: SubscriptionState, { id, attempts, reason }: Exhausted): boolean {
    const { config } = subscription;
    const { messages, topics, publisher } = this.#options;
    const original = messages.get(id);
    if (!original) return true;
    let problem = this.#problem(config);
    if (problem === undefined) {
      const attributes = messages.attributesOf(original);
      const deadLetter = deadLetterOf(original, attributes, { config, attempts, reason });
      try {
        // Part of the caller's write, which reports a failed commit.
        publisher.append(topics.find(config.deadLetterPolicy?.deadLetterTopic), [deadLetter]).catch(() => {});
        return true;
      } catch (error) {
        problem = reasonOf(error);
      }
    }
    const warning = `${config.name} cannot forward dead letters and redelivers them instead: ${problem}.`;
    if (subscription.warned !== warning) this.#options.warn(warning);
    subscription.warned = warning;
    return false;
  }

  /** Why dead letters cannot be forwarded. Pub/Sub's service agent must publish to the topic and acknowledge on the subscription. */
  #problem({ name, deadLetterPolicy }: SubscriptionConfig): string | undefined {
    const { iam, topics, projectNumber } = this.#options;
    const topic = deadLetterPolicy?.deadLetterTopic ?? '';
    if (!topics.has(topic)) return `the dead-letter topic ${topic} does not exist`;
    const agent = pubsubServiceAgent(projectNumber(projectIdOf(name)));
    const needed = [
      ['pubsub.topics.publish', topic],
      ['pubsub.subscriptions.consume', name],
    ] as const;
    const missing = needed.filter(([permission, resource]) => !iam.allows(agent, permission, resource));
    if (missing.length === 0) return undefined;
    return missing
      .map(
        ([permission, resource]) =>
          `${agent} lacks ${permission} on ${resource}: grant it ${rolesWith(permission)[0]} there`,
      )
      .join('; ');
  }
}

function deadLetterOf(
  { data, orderingKey, publishTime }: StoredMessage,
  attributes: Readonly<Record<string, string>>,
  { config, attempts, reason }: { config: SubscriptionConfig; attempts: number; reason: string | undefined },
): PubsubMessage {
  return {
    data,
    orderingKey,
    attributes: {
      ...attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
      CloudPubSubDeadLetterSourceSubscription: idOf(config.name),
      CloudPubSubDeadLetterSourceSubscriptionProject: projectIdOf(config.name),
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(publishTime).toISOString().replace('Z', '+00:00'),
      ...(reason !== undefined && {
        CloudPubSubDeadLetterSourceDeliveryErrorMessage: reason.slice(0, REASON_MAX_CHARACTERS),
      }),
    },
  };
}

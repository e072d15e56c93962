import { type Iam, pubsubServiceAgent, rolesWith } from '../iam.ts';
import { idOf, projectIdOf } from './names.ts';
import type { Publisher } from './publisher.ts';
import { reasonOf } from './reason.ts';
import type { PubsubMessage } from './resources.ts';
import type { SubscriptionState } from './state.ts';
import type { MessageTable, StoredMessage } from './store/message-table.ts';
import type { SubscriptionConfig } from './subscription-config.ts';
import type { Topics } from './topics.ts';

/** Characters of the reason that a dead letter carries: at most 4 bytes each, within an attribute's 1,024. */
const REASON_MAX_CHARACTERS = 256;

interface DeadLettersOptions {
  readonly iam: Iam;
  readonly messages: MessageTable;
  readonly topics: Topics;
  readonly publisher: Publisher;
  projectNumber(projectId: string): string;
  warn(message: string): void;
}

/** A message that failed for the last time. */
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
   * False when it can not be forwarded and stays: as at Google it is then delivered again and again. Called inside the
   * write that ends the original, so that both are one transaction.
   */
  forward(subscription: SubscriptionState, { id, attempts, reason }: Exhausted): boolean {
    const { config } = subscription;
    const { messages, topics, publisher } = this.#options;
    const original = messages.get(id);
    if (!original) return true;
    let problem = this.#problem(config);
    if (problem === undefined) {
      const letter = letterOf(original, messages.attributesOf(original), { config, attempts, reason });
      try {
        // Committed or lost with the write that this is part of, whose caller hears of it.
        publisher.append(topics.find(config.deadLetterPolicy?.deadLetterTopic), [letter]).catch(() => {});
        return true;
      } catch (error) {
        problem = reasonOf(error);
      }
    }
    const warning = `${config.name} can not forward dead letters, so it delivers them again and again: ${problem}.`;
    if (subscription.warned !== warning) this.#options.warn(warning);
    subscription.warned = warning;
    return false;
  }

  /** Pub/Sub's service agent needs to publish to the topic and to acknowledge on the subscription. */
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

function letterOf(
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

import type { Iam } from '../iam.ts';
import { pubsubServiceAgent, rolesWith } from '../iam.ts';
import { idOf, projectIdOf } from './names.ts';
import type { PubsubMessage } from './resources.ts';
import type { SubscriptionConfig } from './subscription-config.ts';

/** Bytes of the reason that a dead letter carries: it is an attribute's value. */
const REASON_MAX_CHARACTERS = 300;

/**
 * Why a subscription can not forward to its dead-letter topic: Pub/Sub's service agent needs to publish there and to
 * acknowledge here. Undefined when it can. Google then keeps delivering the message and says nothing.
 * https://docs.cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions
 */
export function forwardingProblem(
  { name, deadLetterPolicy }: SubscriptionConfig,
  options: { iam: Iam; projectNumber(projectId: string): string; topicExists(name: string): boolean },
): string | undefined {
  const topic = deadLetterPolicy?.deadLetterTopic ?? '';
  if (!options.topicExists(topic)) return `the dead-letter topic ${topic} does not exist`;
  const agent = pubsubServiceAgent(options.projectNumber(projectIdOf(name)));
  const needed = [
    ['pubsub.topics.publish', topic],
    ['pubsub.subscriptions.consume', name],
  ] as const;
  const missing = needed.filter(([permission, resource]) => !options.iam.allows(agent, permission, resource));
  if (missing.length === 0) return undefined;
  return missing
    .map(
      ([permission, resource]) =>
        `${agent} lacks ${permission} on ${resource}: grant it ${rolesWith(permission)[0]} there`,
    )
    .join('; ');
}

/** The message that goes to the dead-letter topic. https://docs.cloud.google.com/pubsub/docs/handling-failures */
export function deadLetterOf(
  original: {
    data: Uint8Array;
    attributes: Readonly<Record<string, string>>;
    orderingKey: string | null;
    publishTime: number;
  },
  source: { subscription: string; attempts: number; reason: string | undefined },
): PubsubMessage {
  return {
    data: original.data,
    orderingKey: original.orderingKey,
    attributes: {
      ...original.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(source.attempts),
      CloudPubSubDeadLetterSourceSubscription: idOf(source.subscription),
      CloudPubSubDeadLetterSourceSubscriptionProject: projectIdOf(source.subscription),
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(original.publishTime)
        .toISOString()
        .replace('Z', '+00:00'),
      ...(source.reason !== undefined && {
        CloudPubSubDeadLetterSourceDeliveryErrorMessage: source.reason.slice(0, REASON_MAX_CHARACTERS),
      }),
    },
  };
}

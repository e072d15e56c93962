import { covers } from '../../iam.ts';
import type { InputMistake, Provided } from '../resource-type.ts';

interface DeadLettering {
  /** Full names, `projects/P/subscriptions/S` and `projects/P/topics/T`. */
  readonly subscription: string;
  readonly deadLetterTopic: string;
  /** The service agent of Pub/Sub in the project, as an IAM member. */
  readonly agent: string;
}

const SUBSCRIPTION_TYPE = 'gcp:pubsub/subscription:Subscription';
const property = 'deadLetterPolicy.deadLetterTopic';

/**
 * Finds what a dead-letter policy lacks. Google accepts the policy all the same: without a grant no message is
 * forwarded, and without a subscription on the topic the dead letters are lost.
 * https://docs.cloud.google.com/pubsub/docs/dead-letter-topics
 */
export function auditDeadLetters(
  { subscription, deadLetterTopic, agent }: DeadLettering,
  resources: readonly Provided[],
): InputMistake[] {
  const grants = resources.flatMap((resource) => resource.grants);
  const holds = (permission: string, on: string) =>
    grants.some((grant) => covers(grant, agent, permission, on));
  const mistakes: InputMistake[] = [];
  if (!holds('pubsub.topics.publish', deadLetterTopic)) {
    const kind = 'gcp.pubsub.TopicIAMMember';
    mistakes.push({
      property,
      message: notForwarded('roles/pubsub.publisher', deadLetterTopic, agent, kind),
    });
  }
  if (!holds('pubsub.subscriptions.consume', subscription)) {
    const kind = 'gcp.pubsub.SubscriptionIAMMember';
    mistakes.push({ property, message: notForwarded('roles/pubsub.subscriber', subscription, agent, kind) });
  }
  // Another program that declares the topic may declare its subscriptions, too.
  const isOurs = resources.some(({ resourceName }) => resourceName === deadLetterTopic);
  if (isOurs && !hasSubscription(resources, deadLetterTopic)) {
    const message = `dead letters are lost: no subscription of this program reads ${deadLetterTopic}, and a topic without a subscription drops its messages. Declare a gcp.pubsub.Subscription on it.`;
    mistakes.push({ property, message });
  }
  return mistakes;
}

function notForwarded(role: string, resource: string, agent: string, kind: string): string {
  const account = agent.slice('serviceAccount:'.length);
  return `dead letters cannot be forwarded: nothing in this program grants ${role} on ${resource} to ${account}, the service agent of Pub/Sub. Google accepts this and leaves undeliverable messages in the subscription. Declare a ${kind}.`;
}

function hasSubscription(resources: readonly Provided[], topic: string): boolean {
  return resources.some(
    ({ type, references }) =>
      type === SUBSCRIPTION_TYPE &&
      references.some(({ property: input, resource }) => input === 'topic' && resource === topic),
  );
}

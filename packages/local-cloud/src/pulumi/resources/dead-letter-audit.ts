import { covers } from '../../iam.ts';
import type { InputMistake } from '../inputs.ts';
import type { Program } from '../program.ts';

interface DeadLettering {
  /** Full names. */
  readonly subscription: string;
  readonly deadLetterTopic: string;
  /** Pub/Sub's own account in the project, as a member. */
  readonly agent: string;
}

const SUBSCRIPTION_TYPE = 'gcp:pubsub/subscription:Subscription';
const property = 'deadLetterPolicy.deadLetterTopic';

/**
 * Google accepts a dead-letter policy that can not work, and the messages sit or vanish without a word.
 * https://docs.cloud.google.com/pubsub/docs/dead-letter-topics
 */
export function auditDeadLetters(declared: DeadLettering, program: Program): InputMistake[] {
  const { subscription, deadLetterTopic, agent } = declared;
  const grants = program.resources().flatMap((resource) => resource.grants);
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
  // A topic of another program may have its subscriptions there.
  const isOurs = program.resources().some(({ resourceName }) => resourceName === deadLetterTopic);
  if (isOurs && !hasSubscription(program, deadLetterTopic)) {
    const message = `dead letters vanish: no subscription of this program reads ${deadLetterTopic}, and a topic keeps nothing for a subscription that does not exist. Declare a gcp.pubsub.Subscription on it.`;
    mistakes.push({ property, message });
  }
  return mistakes;
}

function notForwarded(role: string, resource: string, agent: string, kind: string): string {
  const account = agent.slice('serviceAccount:'.length);
  return `dead letters can not be forwarded: nothing in this program grants ${role} on ${resource} to ${account}, Pub/Sub's own account. Google accepts this, and what can not be delivered stays in the subscription. Declare a ${kind}.`;
}

function hasSubscription(program: Program, topic: string): boolean {
  return program
    .resources()
    .some(({ type, references }) =>
      references.some(
        ({ property: input, resource }) =>
          type === SUBSCRIPTION_TYPE && input === 'topic' && resource === topic,
      ),
    );
}

import type { PubSub, Subscription } from '@google-cloud/pubsub';
import { DeliveryError } from '../errors.ts';

/** What stands behind a topic. */
export interface Pipeline {
  /** Full name of the subscription that writes into the table. */
  readonly subscription: string;
  /** `project.dataset.table` */
  readonly table: string;
  /** Full name of the subscription that keeps what the table refuses. */
  readonly deadLetterSubscription: string;
}

/** Finds it from the topic alone. Throws DeliveryError naming the part that is gone. */
export async function pipelineOf(pubsub: PubSub, topic: string): Promise<Pipeline> {
  const attached = await Promise.all((await subscriptionsOf(pubsub, topic)).map(metadataOf));
  const writers = attached.filter(({ bigqueryConfig }) => bigqueryConfig?.table);
  const [writer, second] = writers;
  if (!writer?.bigqueryConfig?.table) {
    throw new DeliveryError(
      `the subscription is gone: ${topic} has no subscription that writes into BigQuery`,
    );
  }
  if (second) throw new DeliveryError(`${topic} is written twice, by ${writer.name} and by ${second.name}`);
  if (writer.state !== 'ACTIVE') {
    throw new DeliveryError(
      `the subscription ${writer.name} is in the state ${writer.state} and writes nothing`,
    );
  }
  const deadLetterTopic = writer.deadLetterPolicy?.deadLetterTopic;
  if (!deadLetterTopic) throw new DeliveryError(`the subscription ${writer.name} has no dead-letter topic`);
  const [letters] = await subscriptionsOf(pubsub, deadLetterTopic);
  if (!letters) {
    throw new DeliveryError(
      `the dead-letter subscription is gone: ${deadLetterTopic} has none, and loses them`,
    );
  }
  return {
    subscription: writer.name ?? '',
    table: writer.bigqueryConfig.table,
    deadLetterSubscription: letters.name,
  };
}

async function subscriptionsOf(pubsub: PubSub, topic: string): Promise<Subscription[]> {
  try {
    const [subscriptions] = await pubsub.topic(topic).getSubscriptions();
    return subscriptions;
  } catch (error) {
    throw new DeliveryError(`topic ${topic}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function metadataOf(subscription: Subscription) {
  const [metadata] = await subscription.getMetadata();
  return metadata;
}

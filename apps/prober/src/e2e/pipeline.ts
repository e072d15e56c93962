import { reasonOf } from '@records/cli';
import type { Google } from '@records/runtime';
import { call } from '../google-calls.ts';

/** The resources behind a topic. */
export interface Pipeline {
  /** Full name of the subscription that writes into the table. */
  readonly subscription: string;
  /** `project.dataset.table` */
  readonly table: string;
  /** Full name of the subscription that keeps the messages that the table refuses. */
  readonly deadLetterSubscription: string;
}

/** https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions */
interface Subscription {
  readonly name: string;
  readonly state?: string;
  readonly bigqueryConfig?: { readonly table?: string };
  readonly deadLetterPolicy?: { readonly deadLetterTopic?: string };
}

/** Finds the pipeline by the topic alone. Throws an error that names the missing part. */
export async function pipelineOf(google: Google, topic: string): Promise<Pipeline> {
  const attached = await Promise.all(
    (await subscriptionsOf(google, topic)).map((name) => get<Subscription>(google, name)),
  );
  const [writer, second] = attached.filter(({ bigqueryConfig }) => bigqueryConfig?.table);
  const { name: subscription = '', state, bigqueryConfig, deadLetterPolicy } = writer ?? {};
  if (!bigqueryConfig?.table) {
    throw new Error(`the subscription is gone: ${topic} has no subscription that writes into BigQuery`);
  }
  if (second) throw new Error(`${topic} is written twice, by ${subscription} and by ${second.name}`);
  if (state !== 'ACTIVE') {
    throw new Error(`the subscription ${subscription} is in the state ${state} and writes nothing`);
  }
  const deadLetterTopic = deadLetterPolicy?.deadLetterTopic;
  if (!deadLetterTopic) throw new Error(`the subscription ${subscription} has no dead-letter topic`);
  const [deadLetterSubscription] = await subscriptionsOf(google, deadLetterTopic);
  if (deadLetterSubscription === undefined) {
    throw new Error(`the dead-letter subscription is gone: ${deadLetterTopic} loses its messages`);
  }
  return { subscription, table: bigqueryConfig.table, deadLetterSubscription };
}

async function subscriptionsOf(google: Google, topic: string): Promise<readonly string[]> {
  try {
    const path = `${topic}/subscriptions`;
    return (await get<{ readonly subscriptions?: readonly string[] }>(google, path)).subscriptions ?? [];
  } catch (cause) {
    throw new Error(`topic ${topic}: ${reasonOf(cause)}`, { cause });
  }
}

function get<Reply extends object>(google: Google, path: string): Promise<Reply> {
  return call(google, { url: `${google.pubsub}/${path}` });
}

import type { BigQuery } from '@google-cloud/bigquery';
import type { PubSub } from '@google-cloud/pubsub';
import { bigqueryClient, pubsubClient } from '@records/stack/clients';
import type { LocalStack } from './local-stack.ts';

/** Google's clients, connected to a local stack. The caller closes `pubsub`. */
export function clientsOf({ seedTarget }: LocalStack): { pubsub: PubSub; bigquery: BigQuery } {
  return { pubsub: pubsubClient(seedTarget), bigquery: bigqueryClient(seedTarget) };
}

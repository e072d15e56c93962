import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import type { LocalStack } from './local-stack.ts';

/** Google's clients, connected to a local stack. The caller closes `pubsub`. */
export function clientsOf(stack: LocalStack): { pubsub: PubSub; bigquery: BigQuery } {
  const { PUBSUB_EMULATOR_HOST: apiEndpoint = '', BIGQUERY_EMULATOR_HOST: bigquery = '' } = stack.environment;
  // The local cloud needs no credentials, and without this the clients look for some.
  const common = { projectId: stack.outputs.project, authClient: new PassThroughClient() };
  return {
    pubsub: new PubSub({ ...common, apiEndpoint, emulatorMode: true }),
    bigquery: new BigQuery({ ...common, apiEndpoint: bigquery.replace('/bigquery/v2', '') }),
  };
}

import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import type { Target } from './target/target.ts';

/** The real Google clients, led by the target's own variables instead of this process's: stacks can run side by side. */
export function pubsubClient({ projectId, environment }: Target): PubSub {
  const host = environment.PUBSUB_EMULATOR_HOST;
  return new PubSub(
    host === undefined ? { projectId } : { projectId, apiEndpoint: host, emulatorMode: true },
  );
}

export function bigqueryClient({ projectId, environment }: Target): BigQuery {
  const url = environment.BIGQUERY_EMULATOR_HOST;
  if (url === undefined) return new BigQuery({ projectId });
  // Credentials are neither looked for nor shown to a local cloud.
  const client = new BigQuery({ projectId, apiEndpoint: url, authClient: new PassThroughClient() });
  client.baseUrl = url;
  return client;
}

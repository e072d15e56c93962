import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import type { Target } from './target/target.ts';

// PassThroughClient: a local cloud wants no credentials, and looking for some takes seconds where there are none.

/** The real Google clients, led by the target's own variables instead of this process's: stacks can run side by side. */
export function pubsubClient({ projectId, environment }: Target, traced = false): PubSub {
  const host = environment.PUBSUB_EMULATOR_HOST;
  const options = { projectId, enableOpenTelemetryTracing: traced };
  if (host === undefined) return new PubSub(options);
  return new PubSub({
    ...options,
    apiEndpoint: host,
    emulatorMode: true,
    authClient: new PassThroughClient(),
  });
}

export function bigqueryClient({ projectId, environment }: Target): BigQuery {
  const url = environment.BIGQUERY_EMULATOR_HOST;
  if (url === undefined) return new BigQuery({ projectId });
  const client = new BigQuery({ projectId, apiEndpoint: url, authClient: new PassThroughClient() });
  client.baseUrl = url;
  return client;
}

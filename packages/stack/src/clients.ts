import { BigQuery } from '@google-cloud/bigquery';
import { PubSub, type v1 } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import { accountClient } from './account-client.ts';
import type { Account, Target } from './target.ts';

export { accountClient };

type Place = Pick<Target, 'projectId' | 'environment'>;

// PassThroughClient: a local cloud wants no credentials, and looking for some takes seconds where there are none.

/** Google's client, led by the target's own variables instead of this process's, so stacks can run side by side. */
export function pubsubClient({ projectId, environment }: Place, traced = false): PubSub {
  const apiEndpoint = environment.PUBSUB_EMULATOR_HOST;
  const options = { projectId, enableOpenTelemetryTracing: traced };
  if (apiEndpoint === undefined) return new PubSub(options);
  return new PubSub({ ...options, apiEndpoint, emulatorMode: true, authClient: new PassThroughClient() });
}

/** The options with which one of Google's generated clients of Pub/Sub (`v1`) reaches the target. */
export function pubsubOptions(place: Place) {
  return pubsubClient(place).options as ConstructorParameters<typeof v1.SubscriberClient>[0];
}

/** `account`: who calls a local cloud, when not the developer. */
export function bigqueryClient({ projectId, environment }: Place, account?: Account): BigQuery {
  const apiEndpoint = environment.BIGQUERY_EMULATOR_HOST;
  if (apiEndpoint === undefined) return new BigQuery({ projectId });
  const authClient = account ? accountClient(account) : new PassThroughClient();
  const client = new BigQuery({ projectId, apiEndpoint, authClient });
  client.baseUrl = apiEndpoint;
  return client;
}

import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord, type RecordRow } from '@records/records-schema';
import { PassThroughClient } from 'google-auth-library';
import type { LocalStack } from '../src/local-stack.ts';

/** Google's own clients, as anybody outside of the stack would make them. */
export function clientsOf(stack: LocalStack): { pubsub: PubSub; bigquery: BigQuery } {
  const { PUBSUB_EMULATOR_HOST: apiEndpoint = '', BIGQUERY_EMULATOR_HOST: bigquery = '' } = stack.environment;
  // A local cloud wants no credentials, and the clients would look for some.
  const common = { projectId: stack.outputs.project, authClient: new PassThroughClient() };
  return {
    pubsub: new PubSub({ ...common, apiEndpoint, emulatorMode: true }),
    bigquery: new BigQuery({ ...common, apiEndpoint: bigquery.replace('/bigquery/v2', '') }),
  };
}

/** Publishes through the encoder, as a well-behaved publisher does. Returns the message id. */
export function publish(pubsub: PubSub, topic: string, record: RecordRow): Promise<string> {
  return pubsub.topic(topic).publishMessage({ data: Buffer.from(encodeRecord(record)) });
}

/** Asks until the answer is `status`; the test's own timeout ends the wait. */
export async function getUntil(url: string, status: number): Promise<Response> {
  for (;;) {
    const response = await fetch(url);
    if (response.status === status) return response;
    await response.body?.cancel();
  }
}

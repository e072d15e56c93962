import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord, type RecordRow } from '@records/records-schema';
import type { LocalStack } from '../src/local-stack.ts';

/** Google's own clients, as anybody outside of the stack would make them. */
export function clientsOf(stack: LocalStack): { pubsub: PubSub; bigquery: BigQuery } {
  const { PUBSUB_EMULATOR_HOST: apiEndpoint = '', BIGQUERY_EMULATOR_HOST: bigquery = '' } = stack.environment;
  return {
    pubsub: new PubSub({ projectId: stack.outputs.project, apiEndpoint, emulatorMode: true }),
    bigquery: new BigQuery({
      projectId: stack.outputs.project,
      apiEndpoint: bigquery.replace('/bigquery/v2', ''),
    }),
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

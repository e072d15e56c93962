import type { PubSub } from '@google-cloud/pubsub';
import { encodeRecord, type RecordRow } from '@records/records-schema';

/** Publishes a record. Resolves with the message id. */
export function publish(pubsub: PubSub, topic: string, record: RecordRow): Promise<string> {
  return pubsub.topic(topic).publishMessage({ data: Buffer.from(encodeRecord(record)) });
}

/** Repeats a request until its status is `status`; the test's timeout ends the wait. */
export async function getUntil(url: string, status: number): Promise<Response> {
  for (;;) {
    const response = await fetch(url);
    if (response.status === status) return response;
    await response.body?.cancel();
  }
}

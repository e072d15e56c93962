import { SpanKind } from '@opentelemetry/api';
import { encodeRecord, type RecordRow } from '@records/records-schema';
import type { Google } from '@records/runtime';
import { TRACE_ATTRIBUTE } from '@records/telemetry';
import { publish } from './google-calls.ts';
import type { Spans } from './spans.ts';

export interface PublishOptions {
  /** `projects/p/topics/t` */
  readonly topic: string;
  readonly google: Google;
  readonly spans: Spans;
}

/** Publishes one record, whose message carries the trace. */
export async function publishRecord(
  { google, topic, spans }: PublishOptions,
  record: RecordRow,
): Promise<void> {
  const attributes = { 'messaging.system': 'gcp_pubsub', 'messaging.operation': 'publish' };
  await spans.run('records send', SpanKind.PRODUCER, attributes, async ({ traceparent }) => {
    const trace = traceparent === undefined ? {} : { [TRACE_ATTRIBUTE]: traceparent };
    await publish(google, topic, encodeRecord(record), trace);
  });
}

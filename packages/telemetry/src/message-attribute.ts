import type { SpanContext } from '@opentelemetry/api';
import { traceContextOf } from './trace-context.ts';

/**
 * The message attribute in which Google's client libraries carry a trace through Pub/Sub.
 * https://docs.cloud.google.com/pubsub/docs/open-telemetry-tracing
 */
export const TRACE_ATTRIBUTE = 'googclient_traceparent';

/** The span that published a message; undefined when the attributes name none. */
export function traceOfMessage(attributes: Readonly<Record<string, string>>): SpanContext | undefined {
  const traceparent = attributes[TRACE_ATTRIBUTE];
  return traceparent === undefined ? undefined : traceContextOf({ traceparent });
}

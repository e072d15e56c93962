import { type TraceContext, traceContextOf } from './trace-context.ts';

/**
 * The message attribute in which Google's client libraries carry a trace through Pub/Sub.
 * https://docs.cloud.google.com/pubsub/docs/open-telemetry-tracing
 */
export const TRACE_ATTRIBUTE = 'googclient_traceparent';

/** The trace that a message belongs to; undefined when it names none. */
export function traceOfMessage(attributes: Readonly<Record<string, string>>): TraceContext | undefined {
  const traceparent = attributes[TRACE_ATTRIBUTE];
  return traceparent === undefined ? undefined : traceContextOf({ traceparent });
}

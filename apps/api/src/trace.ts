import type { IncomingHttpHeaders } from 'node:http';
import { INVALID_SPANID, TraceFlags } from '@opentelemetry/api';
import { traceContextOf } from '@records/telemetry';

/**
 * The fields that tie a log line to a trace; none when the request belongs to no trace.
 * https://docs.cloud.google.com/logging/docs/structured-logging#special-payload-fields
 */
export function traceFields(headers: IncomingHttpHeaders, project: string): Record<string, string | boolean> {
  const trace = traceContextOf(headers);
  if (!trace) return {};
  const { traceId, spanId, traceFlags } = trace;
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${traceId}`,
    ...(spanId !== INVALID_SPANID && { 'logging.googleapis.com/spanId': spanId }),
    'logging.googleapis.com/trace_sampled': (traceFlags & TraceFlags.SAMPLED) !== 0,
  };
}

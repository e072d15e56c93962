import type { IncomingHttpHeaders } from 'node:http';
import { traceContextOf } from '@records/telemetry';

/** The fields by which Cloud Logging ties a line to a trace. */
export interface TraceFields {
  readonly 'logging.googleapis.com/trace'?: string;
  readonly 'logging.googleapis.com/spanId'?: string;
  readonly 'logging.googleapis.com/trace_sampled'?: boolean;
}

/** Empty when the request belongs to no trace. */
export function traceFields(headers: IncomingHttpHeaders, project: string): TraceFields {
  const trace = traceContextOf(headers);
  if (!trace) return {};
  const { traceId, spanId, sampled } = trace;
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${traceId}`,
    ...(spanId !== undefined && { 'logging.googleapis.com/spanId': spanId }),
    'logging.googleapis.com/trace_sampled': sampled,
  };
}

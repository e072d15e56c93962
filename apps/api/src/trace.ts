import type { IncomingHttpHeaders } from 'node:http';

/** The fields by which Cloud Logging ties a line to a trace. */
export interface TraceFields {
  readonly 'logging.googleapis.com/trace'?: string;
  readonly 'logging.googleapis.com/spanId'?: string;
  readonly 'logging.googleapis.com/trace_sampled'?: boolean;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header (a later version may have more parts at the end). */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
/** TRACE_ID/SPAN_ID;o=OPTIONS, the span in decimal. https://docs.cloud.google.com/trace/docs/trace-context#legacy-http-header */
const CLOUD_TRACE_CONTEXT = /^([0-9a-f]{32})(?:\/([0-9]{1,20}))?(?:;o=([0-9]+))?$/i;

/** The trace that a request belongs to: the W3C header first, then Google's older one. Empty when neither is there. */
export function traceFields(headers: IncomingHttpHeaders, project: string): TraceFields {
  const w3c = TRACEPARENT.exec(text(headers.traceparent));
  if (w3c) {
    const [, trace = '', span = '', flags = '0'] = w3c;
    return fields(project, trace, span, (Number.parseInt(flags, 16) & 1) === 1);
  }
  const google = CLOUD_TRACE_CONTEXT.exec(text(headers['x-cloud-trace-context']));
  if (!google) return {};
  const [, trace = '', span, options = '0'] = google;
  const spanId =
    span === undefined ? undefined : BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0');
  return fields(project, trace.toLowerCase(), spanId, (Number(options) & 1) === 1);
}

function fields(project: string, trace: string, spanId: string | undefined, sampled: boolean): TraceFields {
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${trace}`,
    ...(spanId !== undefined && { 'logging.googleapis.com/spanId': spanId }),
    'logging.googleapis.com/trace_sampled': sampled,
  };
}

function text(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}

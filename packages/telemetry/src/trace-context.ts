import type { IncomingHttpHeaders } from 'node:http';

/** The place in a trace that a request comes from. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits; undefined when Google's older header names none. */
  readonly spanId: string | undefined;
  readonly sampled: boolean;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header (a later version may have more parts at the end). */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
/** TRACE_ID/SPAN_ID;o=OPTIONS, the span in decimal. https://docs.cloud.google.com/trace/docs/trace-context#legacy-http-header */
const CLOUD_TRACE_CONTEXT = /^(?!0{32})([0-9a-f]{32})(?:\/([0-9]{1,20}))?(?:;o=([0-9]{1,3}))?$/i;

/** The W3C header first, then Google's older one. Undefined when neither is there. */
export function traceContextOf(headers: IncomingHttpHeaders): TraceContext | undefined {
  const { traceparent, 'x-cloud-trace-context': legacy } = headers;
  if (traceparent === undefined && legacy === undefined) return undefined;
  const w3c = TRACEPARENT.exec(text(traceparent));
  if (w3c) {
    const [, traceId = '', spanId = '', flags = '0'] = w3c;
    return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
  }
  const google = CLOUD_TRACE_CONTEXT.exec(text(legacy));
  if (!google) return undefined;
  const [, traceId = '', span, options = '0'] = google;
  const spanId =
    span === undefined ? undefined : BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0');
  return { traceId: traceId.toLowerCase(), spanId, sampled: (Number(options) & 1) === 1 };
}

function text(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}

/** The W3C header of a sampled span. */
export function traceparentOf({
  traceId,
  spanId,
}: {
  readonly traceId: string;
  readonly spanId: string;
}): string {
  return `00-${traceId}-${spanId}-01`;
}

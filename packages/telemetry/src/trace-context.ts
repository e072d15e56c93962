import type { IncomingHttpHeaders } from 'node:http';
import { INVALID_SPANID, type SpanContext } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';

/** TRACE_ID/SPAN_ID;o=OPTIONS, the span in decimal. https://docs.cloud.google.com/trace/docs/trace-context#legacy-http-header */
const CLOUD_TRACE_CONTEXT = /^(?!0{32})([0-9a-f]{32})(?:\/([0-9]{1,20}))?(?:;o=([0-9]{1,3}))?$/i;

/**
 * The span that sent a request: by the W3C header, or else by Google's older one, which may name no span (`INVALID_SPANID`).
 * Undefined when neither header is valid.
 */
export function traceContextOf({
  traceparent,
  'x-cloud-trace-context': legacy,
}: IncomingHttpHeaders): SpanContext | undefined {
  const w3c = typeof traceparent === 'string' && parseTraceParent(traceparent);
  if (w3c) return w3c;
  const [, traceId, span, options] = (typeof legacy === 'string' && CLOUD_TRACE_CONTEXT.exec(legacy)) || [];
  if (traceId === undefined) return undefined;
  const spanId = span && BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0');
  return {
    traceId: traceId.toLowerCase(),
    spanId: spanId ?? INVALID_SPANID,
    traceFlags: Number(options ?? 0) & 1,
  };
}

/** The W3C header of a sampled span. */
export function traceparentOf({ traceId, spanId }: Pick<SpanContext, 'traceId' | 'spanId'>): string {
  return `00-${traceId}-${spanId}-01`;
}

import type { IncomingHttpHeaders } from 'node:http';
import {
  type Context,
  context,
  INVALID_SPANID,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { traceContextOf, traceparentOf } from '@records/telemetry';

/** A request that is part of a sampled trace. */
export interface RequestSpan {
  readonly span: Span;
  readonly context: Context;
}

/**
 * Spans for requests whose caller had its own trace sampled: Google's front end decides for whoever sends none.
 * https://docs.cloud.google.com/run/docs/trace
 */
export class Tracing {
  readonly #tracer: Tracer | undefined;

  /** Without a tracer, all of it costs nothing. */
  constructor(tracer?: Tracer) {
    this.#tracer = tracer;
  }

  /** Whether a request with these headers gets a span. */
  samples(headers: IncomingHttpHeaders): boolean {
    return this.#tracer !== undefined && traceContextOf(headers)?.sampled === true;
  }

  startRequest(method: string, route: string, headers: IncomingHttpHeaders): RequestSpan | undefined {
    if (!this.#tracer) return undefined;
    const parent = traceContextOf(headers);
    if (!parent?.sampled) return undefined;
    const { traceId, spanId = INVALID_SPANID } = parent;
    // Google's older header can name a trace and no span in it.
    const remote = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
    const span = this.#tracer.startSpan(
      `${method} ${route}`,
      { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'http.route': route } },
      trace.setSpanContext(ROOT_CONTEXT, remote),
    );
    return { span, context: trace.setSpan(ROOT_CONTEXT, span) };
  }

  endRequest({ span }: RequestSpan, status: number): void {
    span.setAttribute('http.response.status_code', status);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  /** Runs a call to BigQuery as a child of the request that it is made for, if that one is traced. */
  async call<T>(method: string, send: (headers: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
    const parent = this.#tracer && trace.getSpan(context.active());
    if (!this.#tracer || !parent) return send({});
    const span = this.#tracer.startSpan(
      `bigquery.${method}`,
      { kind: SpanKind.CLIENT, attributes: { 'rpc.system': 'bigquery', 'rpc.method': method } },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    try {
      return await send({ traceparent: traceparentOf(span.spanContext()) });
    } catch (error) {
      // Its message can hold what was asked for.
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }
}

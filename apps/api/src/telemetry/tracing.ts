import type { IncomingHttpHeaders } from 'node:http';
import {
  type Context,
  context,
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
 * Makes spans only for requests whose caller sampled its trace. Google's front end decides for callers that send no trace.
 * https://docs.cloud.google.com/run/docs/trace
 */
export class Tracing {
  readonly #load: (() => Promise<Tracer | undefined>) | undefined;
  #tracer: Tracer | undefined;

  /** `load` is called with the first sampled request, so that a start does not pay for it. Without it, nothing is traced. */
  constructor(load?: () => Promise<Tracer | undefined>) {
    this.#load = load;
  }

  /** Whether a request with these headers gets a span. */
  samples(headers: IncomingHttpHeaders): boolean {
    return this.#load !== undefined && this.#sampled(headers) !== undefined;
  }

  /** Undefined for a request that is not sampled, and without a tracer. */
  async startRequest(
    method: string,
    route: string,
    headers: IncomingHttpHeaders,
  ): Promise<RequestSpan | undefined> {
    const parent = this.#sampled(headers);
    this.#tracer ??= parent && (await this.#load?.());
    if (!this.#tracer || !parent) return undefined;
    const span = this.#tracer.startSpan(
      `${method} ${route}`,
      { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'http.route': route } },
      trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }),
    );
    return { span, context: trace.setSpan(ROOT_CONTEXT, span) };
  }

  endRequest({ span }: RequestSpan, status: number): void {
    span.setAttribute('http.response.status_code', status);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  /** Sends a call to BigQuery, as a child span of the current request if that request is traced. */
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
      // Without the message, which can hold the requested id.
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  #sampled(headers: IncomingHttpHeaders) {
    const parent = traceContextOf(headers);
    return parent && (parent.traceFlags & TraceFlags.SAMPLED) !== 0 ? parent : undefined;
  }
}

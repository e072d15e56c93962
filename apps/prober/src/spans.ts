import {
  type Attributes,
  context,
  isSpanContextValid,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { traceparentOf } from '@records/telemetry';

/** The header that carries a trace; empty where there is no trace. */
type TraceHeader = { readonly traceparent: string } | Readonly<Record<string, never>>;

/** The spans of one check; none without a tracer. */
export class Spans {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer = trace.getTracer('none')) {
    this.#tracer = tracer;
  }

  /** Runs `act` in a span. Attributes come from closed lists. */
  run<T>(
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    act: (header: TraceHeader, note: (attributes: Attributes) => void) => Promise<T>,
  ): Promise<T> {
    return this.#tracer.startActiveSpan(name, { kind, attributes }, context.active(), async (span) => {
      const spanContext = span.spanContext();
      try {
        const header = isSpanContextValid(spanContext) ? { traceparent: traceparentOf(spanContext) } : {};
        return await act(header, (more) => span.setAttributes(more));
      } catch (error) {
        // The message of the error could hold the record.
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }
}

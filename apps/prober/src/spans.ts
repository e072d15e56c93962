import {
  type Attributes,
  context,
  isSpanContextValid,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { traceparentOf } from '@records/telemetry';

/** Spans of one probe; without a tracer, none. */
export class Spans {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer = trace.getTracer('none')) {
    this.#tracer = tracer;
  }

  /** Runs `act` in a span. `traceparent` is undefined where there is no trace. Attributes come from closed lists. */
  run<T>(
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    act: (traceparent: string | undefined, note: (attributes: Attributes) => void) => Promise<T>,
  ): Promise<T> {
    return this.#tracer.startActiveSpan(name, { kind, attributes }, context.active(), async (span) => {
      const spanContext = span.spanContext();
      try {
        const traceparent = isSpanContextValid(spanContext) ? traceparentOf(spanContext) : undefined;
        return await act(traceparent, (more) => span.setAttributes(more));
      } catch (error) {
        // Its message can hold what was sent.
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  /** A call to Google's or our own API. */
  call<T>(
    name: string,
    attributes: Attributes,
    act: (headers: Record<string, string>, note: (attributes: Attributes) => void) => Promise<T>,
  ) {
    return this.run(name, SpanKind.CLIENT, attributes, (traceparent, note) =>
      act(traceparent === undefined ? {} : { traceparent }, note),
    );
  }
}

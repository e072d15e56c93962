import { context, type Tracer, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { type Program, resourceAttributes } from './program.ts';

/** Spans that wait to be sent; more are dropped. */
const MAX_WAITING = 2_048;
/** Milliseconds. */
const SEND_EVERY_MS = 2_000;
const SEND_TIMEOUT_MS = 3_000;

export interface OtlpOptions extends Program {
  /** Base URL of an OTLP/HTTP receiver: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp */
  readonly endpoint: string;
  /** Fraction of new traces that is sampled, 0 to 1; a span of a trace that began elsewhere is as its parent. 1 by default. */
  readonly fraction?: number;
  /** Whether libraries of others that look for a tracer get this one. */
  readonly forLibraries?: boolean;
}

export interface Otlp {
  readonly tracer: Tracer;
  /** Sends what is left, within some seconds. */
  close(): Promise<void>;
}

export function createOtlp(options: OtlpOptions): Otlp {
  const { service, endpoint, fraction = 1, forLibraries = false } = options;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: SEND_TIMEOUT_MS,
  });
  const processor = new BatchSpanProcessor(exporter, {
    maxQueueSize: MAX_WAITING,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: SEND_TIMEOUT_MS,
  });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(resourceAttributes(options)),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(fraction) }),
    spanProcessors: [processor],
  });
  if (forLibraries) trace.setGlobalTracerProvider(provider);
  return {
    tracer: provider.getTracer(service),
    async close() {
      await provider.shutdown();
      if (forLibraries) trace.disable();
      context.disable();
    },
  };
}

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

/** Pending spans; more are dropped. */
const MAX_WAITING = 2_048;
const SEND_EVERY_MS = 2_000;
const SEND_TIMEOUT_MS = 3_000;

export interface OtlpOptions extends Program {
  /** Base URL of an OTLP/HTTP receiver: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp */
  readonly endpoint: string;
  /** Fraction of new traces to sample, 0 to 1, by default 1. A span with a remote parent follows its parent's sampling. */
  readonly fraction?: number;
  /** Whether to register the tracer globally, for third-party libraries. */
  readonly forLibraries?: boolean;
}

export interface Otlp {
  readonly tracer: Tracer;
  /** Sends pending spans, within a few seconds. */
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

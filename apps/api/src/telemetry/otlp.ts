import { context, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { resourceAttributes, type TelemetryOptions } from './options.ts';

/** Spans that wait to be sent; more are dropped. */
const MAX_WAITING = 2_048;
/** Milliseconds. */
const SEND_EVERY_MS = 2_000;
const SEND_TIMEOUT_MS = 3_000;

export interface Otlp {
  readonly tracer: Tracer;
  close(): Promise<void>;
}

/** `endpoint` as in https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp */
export function createOtlp(options: TelemetryOptions, endpoint: string): Otlp {
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
    // A span is only started for a request that is sampled already.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [processor],
  });
  return {
    tracer: provider.getTracer('records-api'),
    async close() {
      await provider.shutdown();
      context.disable();
    },
  };
}

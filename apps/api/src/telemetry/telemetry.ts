import type { Program } from '@records/telemetry';
import { createMetrics, type Metrics, noMetrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';
import { Tracing } from './tracing.ts';

export interface TelemetryOptions extends Program {
  /** The local port that serves metrics: 0 takes a free one, undefined serves none. */
  readonly metricsPort: number | undefined;
  /** Base URL of an OTLP/HTTP receiver of spans; undefined sends none. */
  readonly otlpEndpoint: string | undefined;
  readonly log: { info(message: string): void };
}

export interface Telemetry {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Sends pending spans, within a few seconds. */
  close(): Promise<void>;
}

/** Collects nothing. */
export const noTelemetry: Telemetry = {
  metrics: noMetrics,
  tracing: new Tracing(),
  close: async () => {},
};

/** Loads only the exporters that are configured. Throws when the metrics port is taken. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const closers: (() => Promise<void>)[] = [];
  let { metrics, tracing } = noTelemetry;
  if (options.metricsPort !== undefined) {
    const { meter, handler, close } = (await import('./prometheus.ts')).createPrometheus(options);
    const server = await serveMetrics(options.metricsPort, handler);
    options.log.info(`Metrics at ${server.url}`);
    closers.push(server.close, close);
    metrics = createMetrics(meter);
  }
  if (options.otlpEndpoint !== undefined) {
    const { createOtlp } = await import('@records/telemetry/otlp');
    const { tracer, close } = createOtlp({ ...options, endpoint: options.otlpEndpoint });
    closers.push(close);
    tracing = new Tracing(tracer);
  }
  return {
    metrics,
    tracing,
    async close() {
      await Promise.allSettled(closers.map((close) => close()));
    },
  };
}

import { createMetrics, type Metrics, noMetrics } from './metrics.ts';
import { MetricsServer } from './metrics-server.ts';
import type { TelemetryOptions } from './options.ts';
import { Tracing } from './tracing.ts';

/** What the service tells of itself, beside its log. */
export interface Telemetry {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Sends what is left, within some seconds. */
  close(): Promise<void>;
}

/** Nothing is collected, and nothing costs anything. */
export const noTelemetry: Telemetry = {
  metrics: noMetrics,
  tracing: new Tracing(),
  close: async () => {},
};

/** What is not asked for is not even loaded. Throws when the port of the metrics is taken. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const closers: (() => Promise<void>)[] = [];
  let metrics = noMetrics;
  let tracing = noTelemetry.tracing;
  if (options.metricsPort !== undefined) {
    const { meter, handler, close } = await (await import('./prometheus.ts')).createPrometheus(options);
    const server = await MetricsServer.listen(options.metricsPort, handler);
    options.log.info(`Metrics at ${server.url}`);
    closers.push(() => server.close(), close);
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

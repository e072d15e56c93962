import type { Program } from '@records/telemetry';
import type { Otlp, OtlpOptions } from '@records/telemetry/otlp';
import { createMetrics, type Metrics, noMetrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';
import { Tracing } from './tracing.ts';

export interface TelemetryOptions extends Program {
  /** The local port that serves metrics: 0 takes a free one, undefined serves none. */
  readonly metricsPort: number | undefined;
  /** Base URL of an OTLP/HTTP receiver of spans; undefined sends none. */
  readonly otlpEndpoint: string | undefined;
  readonly log: { info(message: string): void; error(fields: object, message: string): void };
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

/** Loads only the exporters that are configured, and that of spans with the first one. Throws when the metrics port is taken. */
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
    const endpoint = options.otlpEndpoint;
    let opened: Promise<Otlp | undefined> | undefined;
    tracing = new Tracing(async () => {
      opened ??= openOtlp({ ...options, endpoint });
      return (await opened)?.tracer;
    });
    closers.push(async () => (await opened)?.close());
  }
  return {
    metrics,
    tracing,
    async close() {
      await Promise.allSettled(closers.map((close) => close()));
    },
  };
}

/** Undefined when it fails, which is logged: a request is served without its span. */
async function openOtlp(options: TelemetryOptions & OtlpOptions): Promise<Otlp | undefined> {
  try {
    const { createOtlp } = await import('@records/telemetry/otlp');
    return createOtlp(options);
  } catch (err) {
    options.log.error(
      { err },
      'no spans are sent: the exporter of OTEL_EXPORTER_OTLP_ENDPOINT cannot be opened',
    );
    return undefined;
  }
}

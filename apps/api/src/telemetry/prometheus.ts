import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { resourceAttributes } from '@records/telemetry';
import type { TelemetryOptions } from './options.ts';

export interface Prometheus {
  readonly meter: Meter;
  handler(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

export function createPrometheus(options: TelemetryOptions): Prometheus {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const resource = resourceFromAttributes(resourceAttributes(options));
  const provider = new MeterProvider({ resource, readers: [exporter] });
  return {
    meter: provider.getMeter('records-api'),
    handler: (request, response) => exporter.getMetricsRequestHandler(request, response),
    close: () => provider.shutdown(),
  };
}

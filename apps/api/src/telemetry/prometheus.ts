import type { IncomingMessage, ServerResponse } from 'node:http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { type Program, resourceAttributes } from '@records/telemetry';

/** A meter, and the HTTP handler that prints what it measured in Prometheus' text format. */
export function createPrometheus(program: Program) {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const resource = resourceFromAttributes(resourceAttributes(program));
  const provider = new MeterProvider({ resource, readers: [exporter] });
  return {
    meter: provider.getMeter('records-api'),
    handler: (request: IncomingMessage, response: ServerResponse) =>
      exporter.getMetricsRequestHandler(request, response),
    close: () => provider.shutdown(),
  };
}

export interface TelemetryOptions {
  /** Metrics are served here, to this machine only; 0 takes a free port, undefined serves none. */
  readonly metricsPort: number | undefined;
  /** Base URL of an OTLP/HTTP receiver of spans; undefined sends none. */
  readonly otlpEndpoint: string | undefined;
  readonly service: string;
  readonly revision: string | undefined;
  readonly log: { info(message: string): void };
}

/** https://opentelemetry.io/docs/specs/semconv/resource/#service */
export function resourceAttributes({ service, revision }: TelemetryOptions): Record<string, string> {
  return { 'service.name': service, ...(revision !== undefined && { 'service.version': revision }) };
}

import type { Program } from '@records/telemetry';

export interface TelemetryOptions extends Program {
  /** Metrics are served here, to this machine only; 0 takes a free port, undefined serves none. */
  readonly metricsPort: number | undefined;
  /** Base URL of an OTLP/HTTP receiver of spans; undefined sends none. */
  readonly otlpEndpoint: string | undefined;
  readonly log: { info(message: string): void };
}

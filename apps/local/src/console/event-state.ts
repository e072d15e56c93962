// Types only: the page imports them, too.
import type { ShownTrace } from './trace-state.ts';

/** Something that happened, as the page shows it. */
export interface ShownEvent {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** A service, `infra`, `pnpm dev`, or a part of the local cloud. */
  readonly source: string;
  /** In lower case, of Cloud Logging: `info`, `warning`, `error`, … */
  readonly severity: string;
  readonly message: string;
  readonly requestId?: string;
  /** Of the request, when its caller sent a trace. */
  readonly traceId?: string;
  /** The frames of an error. */
  readonly stack?: string;
}

/** One route and status of the API. */
export interface RouteCount {
  /** The pattern: `/records/:id`. */
  readonly route: string;
  readonly status: number;
  readonly requests: number;
  /** Sum of the times to answer, in seconds. */
  readonly seconds: number;
}

export interface RequestsUpdate {
  /** What happened since the last update, oldest first. */
  readonly events: readonly ShownEvent[];
  /** Undefined while the API does not answer. */
  readonly routes: readonly RouteCount[] | undefined;
  /** The newest first; absent while they are those of the last update. */
  readonly traces?: readonly ShownTrace[];
  /** Where programs may send spans: a value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly tracesEndpoint: string;
}

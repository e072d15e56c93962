/**
 * Warehouse errors by what the caller can do:
 * - `unavailable`: unreachable or failed; retry soon
 * - `busy`: a quota or rate limit is used up; retry later
 * - `timeout`: no answer in time
 * - `refused`: no such table, column or permission; only the operator can help
 * - `expired`: the snapshot is gone; read a newer one
 */
export type WarehouseErrorKind = 'unavailable' | 'busy' | 'timeout' | 'refused' | 'expired';

export class WarehouseError extends Error {
  override readonly name = 'WarehouseError';
  readonly kind: WarehouseErrorKind;
  /** BigQuery's reason (`notFound`, `accessDenied`) or the system's (`ECONNRESET`). For logs, not for callers. */
  readonly reason: string;
  /** An immediate retry may succeed. */
  readonly retryable: boolean;
  /** Milliseconds until a retry makes sense, where known. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: WarehouseErrorKind,
    reason: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryable?: boolean; readonly retryAfterMs?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.reason = reason;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

interface Kind {
  readonly kind: WarehouseErrorKind;
  readonly retryable?: boolean;
}

/** https://docs.cloud.google.com/bigquery/docs/error-messages */
const KINDS_BY_REASON: Readonly<Record<string, Kind>> = {
  backendError: { kind: 'unavailable', retryable: true },
  internalError: { kind: 'unavailable', retryable: true },
  jobBackendError: { kind: 'unavailable', retryable: true },
  jobInternalError: { kind: 'unavailable', retryable: true },
  tableUnavailable: { kind: 'unavailable', retryable: true },
  stopped: { kind: 'unavailable', retryable: true },
  rateLimitExceeded: { kind: 'busy', retryable: true },
  userRateLimitExceeded: { kind: 'busy', retryable: true },
  jobRateLimitExceeded: { kind: 'busy', retryable: true },
  quotaExceeded: { kind: 'busy' },
  // A custom quota: queryGibPerAccountPerDay of the stack. https://docs.cloud.google.com/bigquery/docs/custom-quotas
  usageQuotaExceeded: { kind: 'busy' },
  timeout: { kind: 'timeout' },
};

/** The error of a job. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/ErrorProto */
export function warehouseErrorOf(reason: string, message: string): WarehouseError {
  const { kind, retryable = false } = KINDS_BY_REASON[reason] ?? { kind: 'refused' };
  return new WarehouseError(kind, reason, message, { retryable });
}

/** A reply that lacks a required field. */
export function malformedReply(message: string): WarehouseError {
  return new WarehouseError('unavailable', 'malformedReply', message, { retryable: true });
}

/** Network failures, which say nothing about the request. https://nodejs.org/api/errors.html#common-system-errors */
const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** Classifies anything that a call to BigQuery throws. */
export function toWarehouseError(error: unknown): WarehouseError {
  if (error instanceof WarehouseError) return error;
  const { code, message, reason } = describe(error);
  const as = ({ kind, retryable = false }: Kind, word: string) =>
    new WarehouseError(kind, word, message, { cause: error, retryable });

  if (code === 'TimeoutError') return as({ kind: 'timeout' }, 'timeout');
  const known = reason === undefined ? undefined : KINDS_BY_REASON[reason];
  if (known && reason) return as(known, reason);
  if (typeof code === 'string' && NETWORK_CODES.has(code)) {
    return as({ kind: 'unavailable', retryable: true }, code);
  }
  if (typeof code === 'number') {
    if (code === 429) return as({ kind: 'busy', retryable: true }, reason ?? '429');
    if (code === 408 || code >= 500)
      return as({ kind: 'unavailable', retryable: true }, reason ?? String(code));
    return as({ kind: 'refused' }, reason ?? String(code));
  }
  // Not JSON: for example a proxy's error page with status 200.
  if (error instanceof SyntaxError) return as({ kind: 'unavailable', retryable: true }, 'malformedReply');
  return as({ kind: 'refused' }, 'unknown');
}

/** `code` is an HTTP status or the name of a system error; `cause.errors[0].reason` is BigQuery's. */
function describe(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, cause, message } = error as Error & { code?: unknown; cause?: { errors?: unknown } };
  const reason: unknown = Array.isArray(cause?.errors) ? cause.errors[0]?.reason : undefined;
  return { code, message, reason: typeof reason === 'string' ? reason : undefined };
}

/**
 * Why the warehouse gave no answer, by what the caller can do about it:
 * - `unavailable`: it can not be reached, or failed by itself: soon again
 * - `busy`: a quota or rate limit is used up: later again
 * - `timeout`: no answer in the time a request has
 * - `refused`: it understood and said no (no table, no permission, no such column): waiting does not help, we do
 * - `expired`: the snapshot that was asked for is gone: there is a newer one
 */
export type WarehouseErrorKind = 'unavailable' | 'busy' | 'timeout' | 'refused' | 'expired';

export class WarehouseError extends Error {
  override readonly name = 'WarehouseError';
  readonly kind: WarehouseErrorKind;
  /** BigQuery's word for it (`notFound`, `accessDenied`), or the system's (`ECONNRESET`). For logs, not for callers. */
  readonly reason: string;
  /** The same call may succeed if it is sent again at once. */
  readonly retryable: boolean;
  /** When it is worth another try, where that is known. Milliseconds from now. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: WarehouseErrorKind,
    reason: string,
    message: string,
    options: WarehouseErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.reason = reason;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

interface WarehouseErrorOptions {
  readonly cause?: unknown;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
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
  timeout: { kind: 'timeout' },
};

/** What a job failed with. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/ErrorProto */
export function warehouseErrorOf(reason: string, message: string): WarehouseError {
  const { kind, retryable = false } = KINDS_BY_REASON[reason] ?? { kind: 'refused' };
  return new WarehouseError(kind, reason, message, { retryable });
}

/** A reply without what it must have. */
export function malformedReply(message: string): WarehouseError {
  return new WarehouseError('unavailable', 'malformedReply', message, { retryable: true });
}

/** Failures below HTTP that say nothing about the request. https://nodejs.org/api/errors.html#common-system-errors */
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

/** Translates what a call to BigQuery threw. */
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
  // A reply that is not JSON, such as a proxy's error page with status 200.
  if (error instanceof SyntaxError) return as({ kind: 'unavailable', retryable: true }, 'malformedReply');
  return as({ kind: 'refused' }, 'unknown');
}

interface Described {
  readonly code: unknown;
  readonly message: string;
  readonly reason: string | undefined;
}

/** `code` is an HTTP status or the name of a system error; `cause.errors[0].reason` is BigQuery's word. */
function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { code: undefined, message: String(error), reason: undefined };
  const { code, cause, message } = error as Error & { code?: unknown; cause?: { errors?: unknown } };
  const first: unknown = Array.isArray(cause?.errors) ? cause.errors[0] : undefined;
  const reason = first && typeof first === 'object' && 'reason' in first ? first.reason : undefined;
  return { code, message, reason: typeof reason === 'string' ? reason : undefined };
}

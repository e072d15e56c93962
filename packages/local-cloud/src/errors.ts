/** Google's canonical error codes with their gRPC number and HTTP status. https://cloud.google.com/apis/design/errors */
export const CANONICAL_CODES = {
  CANCELLED: { grpc: 1, http: 499 },
  UNKNOWN: { grpc: 2, http: 500 },
  INVALID_ARGUMENT: { grpc: 3, http: 400 },
  DEADLINE_EXCEEDED: { grpc: 4, http: 504 },
  NOT_FOUND: { grpc: 5, http: 404 },
  ALREADY_EXISTS: { grpc: 6, http: 409 },
  PERMISSION_DENIED: { grpc: 7, http: 403 },
  RESOURCE_EXHAUSTED: { grpc: 8, http: 429 },
  FAILED_PRECONDITION: { grpc: 9, http: 400 },
  ABORTED: { grpc: 10, http: 409 },
  OUT_OF_RANGE: { grpc: 11, http: 400 },
  UNIMPLEMENTED: { grpc: 12, http: 501 },
  INTERNAL: { grpc: 13, http: 500 },
  UNAVAILABLE: { grpc: 14, http: 503 },
  UNAUTHENTICATED: { grpc: 16, http: 401 },
} as const;

export type CanonicalCode = keyof typeof CANONICAL_CODES;

export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The error of an emulated service, as Google would answer it. Each wire (gRPC, REST, the Pulumi engine) translates it
 * in one place. Any other error is a bug of the local cloud and becomes INTERNAL.
 */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly code: CanonicalCode;
  /** What to do about it, when Google's message does not say. */
  readonly hint: string | undefined;
  /** BigQuery's `reason`, when the code does not imply it. https://docs.cloud.google.com/bigquery/docs/error-messages */
  readonly reason: string | undefined;

  /** What a client library reads: google.rpc.ErrorInfo. https://cloud.google.com/apis/design/errors#error_info */
  readonly info: ErrorInfo | undefined;

  constructor(
    code: CanonicalCode,
    message: string,
    options: { hint?: string; cause?: unknown; reason?: string; info?: ErrorInfo } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.reason = options.reason;
    this.info = options.info;
  }
}

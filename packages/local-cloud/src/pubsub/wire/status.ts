import { CANONICAL_CODES, type CanonicalCode, CloudError, type ErrorInfo } from '../../errors.ts';

/** An error, as both wires answer it. */
export interface Status {
  readonly code: CanonicalCode;
  readonly grpc: number;
  readonly http: number;
  /** Google's message, and in brackets the local cloud's hint, if any. */
  readonly message: string;
  readonly info?: ErrorInfo | undefined;
}

/** The status of an error. Any error but CloudError is a bug: it is reported, and its message is not sent. */
export function statusOf(error: unknown, report: (error: unknown) => void): Status {
  if (!(error instanceof CloudError)) {
    report(error);
    return { code: 'INTERNAL', ...CANONICAL_CODES.INTERNAL, message: 'Internal error of the local cloud.' };
  }
  const { code, message, hint, info } = error;
  return {
    code,
    ...CANONICAL_CODES[code],
    info,
    message: hint === undefined ? message : `${message} [${hint}]`,
  };
}

import { CANONICAL_CODES, CloudError } from '../../errors.ts';
import { reasonOf } from '../errors.ts';

export interface RestError {
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly code: number;
      readonly message: string;
      readonly errors: readonly Readonly<Record<string, string>>[];
      readonly status: string;
      readonly details?: readonly Readonly<Record<string, string>>[];
    };
  };
}

/** Turns an error into a response. https://docs.cloud.google.com/bigquery/docs/error-messages */
export function restError(error: unknown): RestError {
  const cloud =
    error instanceof CloudError
      ? error
      : new CloudError('INTERNAL', 'An internal error occurred and the request could not be completed.', {
          cause: error,
        });
  const code = CANONICAL_CODES[cloud.code].http;
  const reason = reasonOf(cloud);
  const location = reason === 'invalidQuery' ? { location: 'q', locationType: 'parameter' } : {};
  return {
    status: code,
    body: {
      error: {
        code,
        message: cloud.message,
        errors: [{ message: cloud.message, domain: 'global', reason, ...location }],
        status: cloud.code,
        ...(cloud.hint && {
          details: [{ '@type': 'type.googleapis.com/google.rpc.DebugInfo', detail: cloud.hint }],
        }),
      },
    },
  };
}

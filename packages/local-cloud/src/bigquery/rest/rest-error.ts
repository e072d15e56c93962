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

export const CONDITION_NOT_MET = 'conditionNotMet';

/** The part of the request that is at fault. */
const LOCATION_OF_REASON: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  invalidQuery: { location: 'q', locationType: 'parameter' },
  [CONDITION_NOT_MET]: { location: 'If-Match', locationType: 'header' },
};

/** Turns an error into a response. https://docs.cloud.google.com/bigquery/docs/error-messages */
export function restError(error: unknown): RestError {
  const cloud =
    error instanceof CloudError
      ? error
      : new CloudError('INTERNAL', 'An internal error occurred and the request could not be completed.', {
          cause: error,
        });
  const reason = reasonOf(cloud);
  const code = reason === CONDITION_NOT_MET ? 412 : CANONICAL_CODES[cloud.code].http;
  const location = LOCATION_OF_REASON[reason] ?? {};
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

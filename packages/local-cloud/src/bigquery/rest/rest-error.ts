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

function statusOf({ code }: CloudError, reason: string): number {
  if (reason === CONDITION_NOT_MET) return 412;
  // Clients retry a 501, and it stays one.
  return code === 'UNIMPLEMENTED' ? 400 : CANONICAL_CODES[code].http;
}

/** Turns an error into a response. https://docs.cloud.google.com/bigquery/docs/error-messages */
export function restError(error: unknown): RestError {
  const cloud =
    error instanceof CloudError
      ? error
      : new CloudError('INTERNAL', 'An internal error occurred and the request could not be completed.', {
          cause: error,
        });
  const reason = reasonOf(cloud);
  const code = statusOf(cloud, reason);
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

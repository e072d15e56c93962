import { Type } from '@sinclair/typebox';
import { PROBLEMS, type ProblemName, problemType } from '../problems/catalogue.ts';
import { PROBLEM_CACHE_CONTROL, PROBLEM_MEDIA_TYPE } from '../problems/problem.ts';

const REQUEST_ID = 'b6a1c2f4-8f0e-4c1d-9b7a-2d4e6f801234';

/** Problems of every operation. */
const EVERYWHERE = ['malformed-request', 'unexpected-content', 'uri-too-long', 'headers-too-large'] as const;

/** Problems of every operation except `health`. */
const BEYOND_HEALTH = [
  'invalid-key',
  'rate-limited',
  'overloaded',
  'keys-unavailable',
  'internal-error',
] as const;

/** Examples of kinds whose detail differs from their description. */
const DETAILS: Partial<Record<ProblemName, { detail: string; errors?: readonly object[] }>> = {
  'invalid-parameters': {
    detail: 'limit must be an integer from 1 to 1000, in decimal digits without sign or leading zeros.',
    errors: [
      {
        in: 'query',
        name: 'limit',
        value: '0',
        detail: 'must be an integer from 1 to 1000, in decimal digits without sign or leading zeros',
      },
    ],
  },
  'snapshot-expired': {
    detail: 'This snapshot of the list cannot be read any more. Start again without `snapshot`.',
  },
  'record-not-found': { detail: 'No record has the id "k3v9q2xw-7h2m4c8t".' },
};

export const requestIdHeader = {
  'X-Request-Id': Type.String({
    format: 'uuid',
    description:
      'The id of this request. The log line of a refused or failed request carries it. Two kinds are not logged: `overloaded`, and bytes that are not an HTTP request.',
    examples: [REQUEST_ID],
  }),
};

/** The error responses of an operation, by status: the named kinds and the common ones. */
export function problemResponses(...names: ProblemName[]): Record<number, object> {
  return unlimitedProblemResponses(...names, ...BEYOND_HEALTH);
}

/** The same for an operation without a rate limit. */
export function unlimitedProblemResponses(...names: ProblemName[]): Record<number, object> {
  const byStatus = Map.groupBy([...names, ...EVERYWHERE], (name) => PROBLEMS[name].status);
  return Object.fromEntries(
    [...byStatus].sort(([a], [b]) => a - b).map(([status, kinds]) => [status, problemResponseSchema(kinds)]),
  );
}

function problemResponseSchema(names: readonly ProblemName[]): object {
  const retries = names.some((name) => 'retryAfter' in PROBLEMS[name]);
  return {
    description: names
      .map((name) => `**${PROBLEMS[name].title}** (\`${name}\`). ${PROBLEMS[name].description}`)
      .join('\n\n'),
    headers: {
      ...requestIdHeader,
      'Cache-Control': Type.Literal(PROBLEM_CACHE_CONTROL, {
        description: 'Do not store a problem: it may be over by the next request.',
        examples: [PROBLEM_CACHE_CONTROL],
      }),
      ...(names.includes('invalid-key') && {
        'WWW-Authenticate': Type.String({
          description: 'How to send a key.',
          examples: ['ApiKey realm="records", header="X-API-Key"'],
        }),
      }),
      ...(retries && {
        'Retry-After': Type.Integer({
          minimum: 1,
          description: 'Seconds to wait before the next attempt.',
          examples: [5],
        }),
      }),
    },
    content: {
      [PROBLEM_MEDIA_TYPE]: {
        schema: Type.Ref('Problem#'),
        examples: Object.fromEntries(
          names.map((name) => [name, { summary: PROBLEMS[name].title, value: example(name) }]),
        ),
      },
    },
  };
}

function example(name: ProblemName): object {
  const { status, title, description } = PROBLEMS[name];
  return {
    type: problemType(name),
    title,
    status,
    ...(DETAILS[name] ?? { detail: description }),
    instance: `urn:uuid:${REQUEST_ID}`,
  };
}

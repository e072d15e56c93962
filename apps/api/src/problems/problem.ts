import { Type } from '@sinclair/typebox';
import { PROBLEMS, type ProblemKind, type ProblemName, problemType } from './catalogue.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';
/** A problem may be over by the next request. Without this, caches may store a 404 and a 414. */
export const PROBLEM_CACHE_CONTROL = 'no-store';

/** The headers of every response. Any origin may read this API: it has no cookies. */
export const STATIC_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000',
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Age, Allow, Content-Disposition, ETag, Link, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id, X-Total-Count',
});

/** The detail of `overloaded`. */
export const OVERLOADED =
  'This instance has as many requests as it can answer in time. Retry after the seconds in Retry-After.';

/** A parameter that breaks its rule. */
export interface ParameterError {
  readonly in: 'path' | 'query';
  readonly name: string;
  /** The given value, shortened. */
  readonly value?: string;
  readonly detail: string;
}

interface ProblemOptions {
  readonly errors?: readonly ParameterError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Thrown by routes and hooks; the app's error handler turns it into the response. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: ProblemName;
  readonly errors: readonly ParameterError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: ProblemName, detail: string, { cause, errors, headers = {} }: ProblemOptions = {}) {
    super(detail, { cause });
    this.problem = problem;
    this.errors = errors;
    this.headers = headers;
  }
}

/** A response for Fastify or for a bare socket. */
export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The problem document (RFC 9457). Its `instance` is the request id, under which the logs have the request. */
export function problemResponse(
  problem: ProblemName,
  detail: string,
  requestId: string,
  { errors, headers }: Pick<ProblemError, 'errors' | 'headers'> = { errors: undefined, headers: {} },
): ProblemResponse {
  const { status, title, retryAfter }: ProblemKind = PROBLEMS[problem];
  return {
    status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      'cache-control': PROBLEM_CACHE_CONTROL,
      ...STATIC_HEADERS,
      'x-request-id': requestId,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...headers,
    },
    body: JSON.stringify({
      type: problemType(problem),
      title,
      status,
      detail,
      instance: `urn:uuid:${requestId}`,
      errors,
    }),
  };
}

export const ProblemSchema = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description: 'The kind of problem: stable, and a link to its explanation.',
    }),
    title: Type.String({ description: 'The kind in words.' }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
    detail: Type.String({ description: 'What is wrong with this request, and what to do.' }),
    instance: Type.String({
      format: 'uri',
      description: 'This occurrence. It holds the id that is also in `X-Request-Id`.',
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            // Some generators do not take a union of constants.
            in: Type.String({ enum: ['path', 'query'] }),
            name: Type.String(),
            value: Type.Optional(Type.String({ description: 'The given value, shortened.' })),
            detail: Type.String({ description: 'The rule that it breaks.' }),
          },
          { additionalProperties: false },
        ),
        { description: 'Every parameter that breaks its rule.' },
      ),
    ),
  },
  {
    $id: 'Problem',
    title: 'Problem',
    description: 'What went wrong (RFC 9457).',
    additionalProperties: false,
  },
);

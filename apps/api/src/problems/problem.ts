import { Type } from '@sinclair/typebox';
import { PROBLEMS, type ProblemKind, type ProblemName, problemType } from './catalogue.ts';
import { STATIC_HEADERS } from './static-headers.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';
/** A refusal may be over by the next request: no cache may keep it (404 and 414 could be kept by default). */
export const PROBLEM_CACHE_CONTROL = 'no-store';

/** The detail of `overloaded`. */
export const OVERLOADED =
  'This instance has as many requests as it can answer in time. Ask again after the seconds in Retry-After.';

/** One parameter that broke its rule. */
export interface ParameterError {
  readonly in: 'path' | 'query';
  readonly name: string;
  /** What was given, shortened. */
  readonly value?: string;
  readonly detail: string;
}

/** Thrown by anything that answers a request; the error handler of the app turns it into the response. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: ProblemName;
  readonly errors: readonly ParameterError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: ProblemName, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.problem = problem;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

interface ProblemOptions {
  readonly errors?: readonly ParameterError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A response on its way out, for Fastify and for a bare socket alike. */
export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The problem as a response (RFC 9457). `requestId` makes the `instance`, by which the logs are searched. */
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
      description: 'Which kind of problem it is; stable, and a link to its explanation.',
    }),
    title: Type.String({ description: 'The kind in words.' }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status once more.' }),
    detail: Type.String({ description: 'What is wrong with this request, and the way out.' }),
    instance: Type.String({
      format: 'uri',
      description: 'This occurrence; its id is also in `X-Request-Id`.',
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            in: Type.Union([Type.Literal('path'), Type.Literal('query')]),
            name: Type.String(),
            value: Type.Optional(Type.String({ description: 'What was given, shortened.' })),
            detail: Type.String({ description: 'The rule that it breaks.' }),
          },
          { additionalProperties: false },
        ),
        { description: 'Every parameter that broke its rule.' },
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

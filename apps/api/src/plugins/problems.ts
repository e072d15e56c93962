import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemName } from '../problems/catalogue.ts';
import { ProblemError, problemResponse } from '../problems/problem.ts';
import { WarehouseError, type WarehouseErrorKind } from '../warehouse/errors.ts';

const WAREHOUSE_PROBLEMS: Readonly<Record<WarehouseErrorKind, ProblemName>> = {
  unavailable: 'warehouse-unavailable',
  busy: 'warehouse-busy',
  timeout: 'warehouse-timeout',
  refused: 'internal-error',
  expired: 'snapshot-expired',
};

const WAREHOUSE_DETAILS: Readonly<Record<WarehouseErrorKind, string>> = {
  unavailable: 'The records cannot be read at the moment. Retry after the seconds in Retry-After.',
  busy: 'The capacity to read records is used up for now. Retry after the seconds in Retry-After.',
  timeout: 'The records were not read in time. Retry after the seconds in Retry-After.',
  refused: 'The service failed. The error is in its log.',
  expired: 'This snapshot of the list cannot be read any more. Start again without `snapshot`.',
};

/** The one place where errors become responses. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(toProblem(error), request, reply));
  app.setNotFoundHandler((request, reply) => sendProblem(routeNotFound(request), request, reply));
}

/** The answer to a person, instead of the problem document. */
export interface ProblemPage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends the problem document, or a page of it, and logs the cause, which no other place logs. */
export function sendProblem(
  error: ProblemError,
  request: FastifyRequest,
  reply: FastifyReply,
  page?: ProblemPage,
): FastifyReply {
  const { status, headers, body } = problemResponse(error.problem, error.message, request.id, error);
  const { cause } = error;
  if (cause !== undefined || error.problem === 'internal-error') {
    const reason = cause instanceof WarehouseError ? cause.reason : undefined;
    const level = status >= 500 ? 'error' : 'info';
    request.log[level](
      { err: cause ?? error, reason },
      `${request.method} ${routeOf(request)} failed: ${error.problem}`,
    );
  }
  if (page)
    return reply
      .code(status)
      .headers({ ...headers, ...page.headers })
      .send(page.body);
  // Fastify would add a charset to text, which this media type does not have (RFC 9457, 6.1).
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

/** The pattern of the route, such as `/records/:id`, never the URL with the id of a person. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? NO_ROUTE;
}

/** Stands for the pattern where there is no route. */
export const NO_ROUTE = '(no route)';

const HEALTH: ReadonlySet<string | undefined> = new Set(['/health/live', '/health/ready']);

/** Whether a request target, or a route's pattern, is a health check. These are never limited. */
export function isHealth(path: string | undefined): boolean {
  return HEALTH.has(path);
}

/** Any thrown value as a problem. Unknown errors become `internal-error`, whose detail does not mention them. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof WarehouseError) {
    return new ProblemError(WAREHOUSE_PROBLEMS[error.kind], WAREHOUSE_DETAILS[error.kind], {
      cause: error,
      ...(error.retryAfterMs !== undefined && {
        headers: { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))) },
      }),
    });
  }
  if (isFastifyError(error)) {
    if (error.code === 'FST_ERR_BAD_URL') {
      return notUtf8();
    }
    if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return uriTooLong();
    if (error.code === 'FST_ERR_HANDLER_TIMEOUT') {
      return new ProblemError('warehouse-timeout', WAREHOUSE_DETAILS.timeout, { cause: error });
    }
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return new ProblemError('malformed-request', 'The request cannot be read.', { cause: error });
    }
  }
  return new ProblemError('internal-error', WAREHOUSE_DETAILS.refused, { cause: error });
}

/** Longest request target (path and query), in characters. */
export const MAX_URL_LENGTH = 4_096;

export function uriTooLong(): ProblemError {
  return new ProblemError(
    'uri-too-long',
    `The path and query together may be ${MAX_URL_LENGTH} characters long. Send fewer or shorter values.`,
  );
}

export function notUtf8(): ProblemError {
  return new ProblemError(
    'malformed-request',
    'The URL has a percent sign that begins no UTF-8 character. Write ú as %C3%BA and a percent sign as %25.',
  );
}

function routeNotFound(request: FastifyRequest): ProblemError {
  const path = request.url.split('?', 1)[0] ?? '';
  const slash = path.length > 1 && path.endsWith('/') ? ' Paths have no slash at the end.' : '';
  return new ProblemError(
    'route-not-found',
    `No such path.${slash} Start at /, /records, /docs or /openapi.json.`,
  );
}

function isFastifyError(error: unknown): error is FastifyError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('FST_')
  );
}

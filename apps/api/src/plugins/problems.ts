import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
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
  unavailable: 'The records can not be read at the moment. Ask again after the seconds in Retry-After.',
  busy: 'The capacity to read records is used up for now. Ask again after the seconds in Retry-After.',
  timeout: 'The records could not be read in time. Ask again.',
  refused: 'A fault of this service; it has been logged.',
  expired: 'This state of the list can not be read any more. Start again without `snapshot`.',
};

/** The one place where an error becomes a response. */
export const problems = fastifyPlugin(
  async (app) => {
    app.setErrorHandler((error, request, reply) => sendProblem(toProblem(error), request, reply));
    app.setNotFoundHandler((request, reply) => sendProblem(routeNotFound(request), request, reply));
  },
  { name: 'problems' },
);

/** Answers with the problem. What caused it is logged here, and only here. */
export function sendProblem(error: ProblemError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
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
  // As text, Fastify would add a charset, which this type does not have (RFC 9457, 6.1).
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

/** The pattern of the route, never the URL itself: `/records/:id`, not the id of a person. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? NO_ROUTE;
}

/** Instead of a pattern, where none was found or looked for. */
export const NO_ROUTE = '(no route)';

const HEALTH: ReadonlySet<string | undefined> = new Set(['/health/live', '/health/ready']);

/** For whoever runs the service: never limited. Of a target or of a route's pattern: these have no parameters. */
export function isHealth(path: string | undefined): boolean {
  return HEALTH.has(path);
}

/** Everything that can be thrown, as a problem. What is not known is a fault of ours and says nothing of itself. */
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
      return new ProblemError(
        'malformed-request',
        'The URL is not valid: a percent sign stands for itself only as %25.',
      );
    }
    if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return uriTooLong();
    if (error.code === 'FST_ERR_HANDLER_TIMEOUT') {
      return new ProblemError('warehouse-timeout', WAREHOUSE_DETAILS.timeout, { cause: error });
    }
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return new ProblemError('malformed-request', 'The request can not be read.', { cause: error });
    }
  }
  return new ProblemError('internal-error', WAREHOUSE_DETAILS.refused, { cause: error });
}

/** Longest request target (path and query), in characters. */
export const MAX_URL_LENGTH = 4_096;

export function uriTooLong(): ProblemError {
  return new ProblemError(
    'uri-too-long',
    `The path and query together may be ${MAX_URL_LENGTH} characters long; send fewer or shorter values.`,
  );
}

function routeNotFound(request: FastifyRequest): ProblemError {
  const path = request.url.split('?', 1)[0] ?? '';
  const slash = path.length > 1 && path.endsWith('/') ? ' Paths have no slash at the end.' : '';
  return new ProblemError(
    'route-not-found',
    `Nothing is served at this path.${slash} What is: /openapi.json, for people /docs.`,
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

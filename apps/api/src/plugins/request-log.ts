import type { FastifyReply, FastifyRequest } from 'fastify';
import { routeOf } from './problems.ts';

declare module 'fastify' {
  interface FastifyBaseLogger {
    /** Of pino. */
    isLevelEnabled(level: string): boolean;
  }
}

/**
 * Logs a request in Cloud Logging's shape: `info` if it was refused or failed, `debug` otherwise, since Cloud Run logs it too.
 * Records are people: the line holds the route's pattern and never the URL, query, body, address or user agent.
 * https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#httprequest
 */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const route = routeOf(request);
  const level = reply.statusCode >= 400 && !route.startsWith('/health/') ? 'info' : 'debug';
  if (!request.log.isLevelEnabled(level)) return;
  const size = Number(reply.getHeader('content-length'));
  request.log[level](
    {
      httpRequest: {
        requestMethod: request.method,
        requestUrl: route,
        status: reply.statusCode,
        latency: `${(reply.elapsedTime / 1000).toFixed(6)}s`,
        ...(Number.isFinite(size) && { responseSize: String(size) }),
      },
    },
    `${request.method} ${route} ${reply.statusCode}`,
  );
}

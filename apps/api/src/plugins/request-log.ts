import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { routeOf } from './problems.ts';

declare module 'fastify' {
  interface FastifyBaseLogger {
    /** Of pino. */
    isLevelEnabled(level: string): boolean;
  }
}

export const requestLog = fastifyPlugin(
  async (app) => {
    app.addHook('onResponse', (request, reply, done) => {
      logRequest(request, reply);
      done();
    });
  },
  { name: 'request-log' },
);

/**
 * One line per request that reaches the routes, in Cloud Logging's shape: `info` for one that was refused or failed, `debug`
 * for the others, which the metrics count and Cloud Run's own log lists. Records are people: a line names the route's
 * pattern, never the URL, and no query, body, address or user agent.
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

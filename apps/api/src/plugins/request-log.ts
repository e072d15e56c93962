import fastifyPlugin from 'fastify-plugin';
import { routeOf } from './problems.ts';

/**
 * One line per request, in Cloud Logging's shape. Records are people: a line names the route's pattern, never the URL,
 * and no query, body, address or user agent.
 * https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#httprequest
 */
export const requestLog = fastifyPlugin(
  async (app) => {
    app.addHook('onResponse', (request, reply, done) => {
      const route = routeOf(request);
      // A probe asks every few seconds.
      const level = route.startsWith('/health/') ? 'debug' : 'info';
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
      done();
    });
  },
  { name: 'request-log' },
);

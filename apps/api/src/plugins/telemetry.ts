import { context } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { RequestSpan } from '../telemetry/tracing.ts';
import { routeOf } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    span: RequestSpan | undefined;
  }
}

/** Counts every request, and makes the span of each request that belongs to a sampled trace. */
export function measureRequests(app: FastifyInstance, { metrics, tracing }: Telemetry): void {
  app.decorateRequest('span', undefined);
  app.addHook('onRequest', (request, _reply, done) => {
    if (!tracing.samples(request.headers)) return done();
    tracing.startRequest(request.method, routeOf(request), request.headers).then((span) => {
      request.span = span;
      if (span) context.with(span.context, done);
      else done();
    }, done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    metrics.requestEnded(routeOf(request), reply.statusCode, reply.elapsedTime / 1000);
    if (request.span) tracing.endRequest(request.span, reply.statusCode);
    done();
  });
}

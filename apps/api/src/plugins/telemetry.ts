import { context } from '@opentelemetry/api';
import fastifyPlugin from 'fastify-plugin';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { RequestSpan } from '../telemetry/tracing.ts';
import { routeOf } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    span: RequestSpan | undefined;
  }
}

export interface TelemetryPluginOptions {
  readonly telemetry: Telemetry;
}

/** Counts every request, and makes the span of one that belongs to a sampled trace. Ends the telemetry with the app. */
export const countRequests = fastifyPlugin<TelemetryPluginOptions>(
  async (app, { telemetry }) => {
    const { metrics, tracing } = telemetry;
    app.decorateRequest('span', undefined);
    app.addHook('onRequest', (request, _reply, done) => {
      request.span = tracing.startRequest(request.method, routeOf(request), request.headers);
      if (request.span) context.with(request.span.context, done);
      else done();
    });
    app.addHook('onResponse', (request, reply, done) => {
      metrics.requestEnded(routeOf(request), reply.statusCode, reply.elapsedTime / 1000);
      if (request.span) tracing.endRequest(request.span, reply.statusCode);
      done();
    });
    app.addHook('onClose', () => telemetry.close());
  },
  { name: 'telemetry' },
);

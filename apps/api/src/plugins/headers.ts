import type { FastifyInstance } from 'fastify';
import { STATIC_HEADERS } from '../problems/problem.ts';

/** Chromium's maximum. Seconds. */
const PREFLIGHT_SECONDS = 7_200;

/**
 * Every header: the service ignores those that it does not know. The names are for browsers that take `*` literally; `*` never
 * includes Authorization. https://fetch.spec.whatwg.org/#cors-preflight-fetch
 */
const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers':
    '*, Accept, Authorization, Cache-Control, Content-Type, If-Modified-Since, If-None-Match, Pragma, Range, traceparent, tracestate, X-API-Key, X-Requested-With',
  'access-control-max-age': String(PREFLIGHT_SECONDS),
  'cache-control': `max-age=${PREFLIGHT_SECONDS}`,
};

/** Sets the headers of every response and answers CORS preflight requests. */
export function addHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(STATIC_HEADERS);
    const { method, headers } = request.raw;
    const isPreflight =
      headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
    if (method !== 'OPTIONS' || !isPreflight) return done();
    reply.code(204).headers(PREFLIGHT_HEADERS).header('x-request-id', request.id).send();
  });
}

import type { FastifyInstance, onSendHookHandler } from 'fastify';
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
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') return;
    route.onSend = [route.onSend ?? [], dropLengthOfUnchanged].flat();
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(STATIC_HEADERS);
    const { method, headers } = request.raw;
    const isPreflight =
      headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
    if (method !== 'OPTIONS' || !isPreflight) return done();
    reply.code(204).headers(PREFLIGHT_HEADERS).header('x-request-id', request.id).send();
  });
}

/** Fastify gives every response to HEAD the length of its empty body; that of a 304 would be the length of the 200 (RFC 9110, 8.6). */
const dropLengthOfUnchanged: onSendHookHandler = (_request, reply, body, done) => {
  if (reply.statusCode === 304) reply.removeHeader('content-length');
  done(null, body);
};

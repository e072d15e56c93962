import fastifyPlugin from 'fastify-plugin';
import { STATIC_HEADERS } from '../problems/static-headers.ts';

/** How long a browser may remember what a preflight allowed: Chromium keeps it for two hours at most. Seconds. */
const PREFLIGHT_SECONDS = 7_200;

/** https://fetch.spec.whatwg.org/#cors-preflight-fetch */
const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'Accept, If-Modified-Since, If-None-Match, X-API-Key',
  'access-control-max-age': String(PREFLIGHT_SECONDS),
  'cache-control': `max-age=${PREFLIGHT_SECONDS}`,
};

/** The headers that every answer has, and the answer to a browser that asks before it sends. */
export const headers = fastifyPlugin(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(STATIC_HEADERS);
      const { method, headers } = request.raw;
      const asks = headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
      if (method !== 'OPTIONS' || !asks) return done();
      reply.code(204).headers(PREFLIGHT_HEADERS).header('x-request-id', request.id).send();
    });
  },
  { name: 'headers' },
);

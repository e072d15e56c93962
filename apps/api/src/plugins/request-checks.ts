import type { IncomingHttpHeaders } from 'node:http';
import fastifyPlugin from 'fastify-plugin';
import { ProblemError } from '../problems/problem.ts';
import { MAX_URL_LENGTH, uriTooLong } from './problems.ts';

/** What every request must keep to, whatever its route. */
export const requestChecks = fastifyPlugin(
  async (app) => {
    // What has a body is answered without it (404 or 405), so nothing is parsed.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));

    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      const { url = '', method, headers, httpVersion } = request.raw;
      if (url.length > MAX_URL_LENGTH) return done(uriTooLong());
      // RFC 9112, 3.2. Node's own check answers without a body.
      if (headers.host === undefined && httpVersion === '1.1') {
        return done(new ProblemError('malformed-request', 'An HTTP/1.1 request must have a Host header.'));
      }
      const reads = method === 'GET' || method === 'HEAD';
      if (reads && hasBody(headers)) {
        return done(
          new ProblemError('unexpected-content', 'No operation takes a body: parameters belong in the URL.', {
            // The rest of the body is not worth reading.
            headers: { connection: 'close' },
          }),
        );
      }
      done();
    });
  },
  { name: 'request-checks', dependencies: ['problems'] },
);

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

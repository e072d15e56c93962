import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problems/problem.ts';
import { MAX_URL_LENGTH, notUtf8, uriTooLong } from './problems.ts';

/** Checks that apply to every route: the length and the escapes of the URL, the Host header, no body. */
export function checkRequests(app: FastifyInstance): void {
  // No route reads a body: 404 or 405 are sent without parsing it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    const { url = '', method, headers, httpVersion } = request.raw;
    if (url.length > MAX_URL_LENGTH) return done(uriTooLong());
    if (!isUtf8(url)) return done(notUtf8());
    // RFC 9112, 3.2. Node's own check answers without a body.
    if (headers.host === undefined && httpVersion === '1.1') {
      return done(new ProblemError('malformed-request', 'An HTTP/1.1 request must have a Host header.'));
    }
    if ((method === 'GET' || method === 'HEAD') && hasBody(headers)) {
      const detail = 'No operation takes a body. Put parameters into the URL.';
      // Closing the connection saves reading the body.
      return done(new ProblemError('unexpected-content', detail, { headers: { connection: 'close' } }));
    }
    done();
  });
}

/** Whether every percent sign begins an escape, and the escapes are UTF-8. Fastify takes other queries as they are. */
function isUtf8(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

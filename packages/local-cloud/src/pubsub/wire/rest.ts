import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CloudError } from '../../errors.ts';
import { readBody } from '../../http/body.ts';
import { foreignRefusal } from '../../http/guard.ts';
import { PUBLISH_MAX_BYTES } from '../limits.ts';
import { ERROR_INFO } from './error-details.ts';
import { answerOf, handlerOf } from './methods.ts';
import { authorize } from './permissions.ts';
import { requestOf, responseJson } from './rest-json.ts';
import { matchRoute } from './rest-routes.ts';
import { statusOf } from './status.ts';
import { TRANSIT_MS, type Wire } from './wire.ts';

/** Bytes of the largest publish request in base64, with its overhead. */
const MAX_BODY_BYTES = 2 * PUBLISH_MAX_BYTES;

/** Creates the HTTP and JSON server, which gcloud uses; the caller makes it listen. */
export function createRestServer(wire: Wire): Server {
  return createServer((request, response) => {
    answer(wire, request, response).catch((error: unknown) => {
      const { http, message, code, info } = statusOf(error, wire.report);
      // gcloud repeats a request for half a minute after a 501.
      const status = code === 'UNIMPLEMENTED' ? 400 : http;
      const details = info && [{ '@type': `type.googleapis.com/${ERROR_INFO}`, ...info }];
      send(response, status, JSON.stringify({ error: { code: status, message, status: code, details } }));
    });
  });
}

async function answer(
  { pubsub, accessOf }: Wire,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = foreignRefusal(request);
  if (refusal !== undefined) throw new CloudError('PERMISSION_DENIED', `Refused: ${refusal}.`);
  const access = accessOf(request.headers.authorization);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const match = matchRoute(request.method ?? 'GET', pathname);
  if (!match) {
    throw new CloudError('NOT_FOUND', `Pub/Sub has no method at ${request.method} ${pathname}.`, {
      hint: 'paths start with /v1/projects/PROJECT/',
    });
  }
  const abort = new AbortController();
  response.on('close', () => setTimeout(() => abort.abort(), TRANSIT_MS));
  const message = requestOf(match, searchParams, await readBody(request, MAX_BODY_BYTES));
  const { service, name, response: type } = match.rpc;
  authorize(access, name, message);
  const result = await handlerOf(service, name)(pubsub, message as never, abort.signal, access);
  send(response, 200, responseJson(type, answerOf(result)));
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(body);
}

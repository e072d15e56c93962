import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CloudError } from '../../errors.ts';
import { readBody } from '../../http/body.ts';
import { assertNoBatch, type Form, formOf, httpMethodOf, written } from '../../http/form.ts';
import { foreignRefusal } from '../../http/guard.ts';
import { KEEP_ALIVE_MS } from '../../http/keep-alive.ts';
import { PUBLISH_MAX_BYTES } from '../limits.ts';
import { ERROR_INFO } from './error-details.ts';
import { answerOf, handlerOf } from './methods.ts';
import { authorize } from './permissions.ts';
import { printMessage } from './proto-json.ts';
import { requestOf } from './rest-json.ts';
import { matchRoute } from './rest-routes.ts';
import { statusOf } from './status.ts';
import { TRANSIT_MS, type Wire } from './wire.ts';

/** Bytes of the largest publish request in base64, with its overhead. */
const MAX_BODY_BYTES = 2 * PUBLISH_MAX_BYTES;

/** For an error whose request says nothing about its answer. */
const PLAIN: Form = { selection: undefined, prettyPrint: false, gzip: false };

/** Creates the HTTP and JSON server, which gcloud uses; the caller makes it listen. */
export function createRestServer(wire: Wire): Server {
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(wire, request, response).catch(async (error: unknown) => {
      const { http, message, code, info } = statusOf(error, wire.report);
      // gcloud repeats a request for half a minute after a 501.
      const status = code === 'UNIMPLEMENTED' ? 400 : http;
      const details = info && [{ '@type': `type.googleapis.com/${ERROR_INFO}`, ...info }];
      // The rest of a refused body stays unread, so the connection cannot be reused.
      if (!request.complete) response.setHeader('connection', 'close');
      await send(response, status, { error: { code: status, message, status: code, details } }, PLAIN);
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
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  if (url) assertNoBatch(url);
  const method = httpMethodOf(request);
  const match = url && matchRoute(method, url.pathname);
  if (!match) {
    throw new CloudError('NOT_FOUND', `Pub/Sub has no method at ${method} ${url?.pathname ?? request.url}.`, {
      hint: 'paths start with /v1/projects/PROJECT/',
    });
  }
  const form = formOf(request, url.searchParams);
  const token = url.searchParams.get('access_token') ?? url.searchParams.get('oauth_token');
  const access = accessOf(request.headers.authorization ?? (token ? `Bearer ${token}` : undefined));
  const abort = new AbortController();
  response.on('close', () =>
    response.writableFinished ? setTimeout(() => abort.abort(), TRANSIT_MS) : abort.abort(),
  );
  const message = requestOf(match, url.searchParams, await readBody(request, MAX_BODY_BYTES));
  const { service, name, response: type } = match.rpc;
  authorize(access, name, message);
  const result = await handlerOf(service, name)(pubsub, message as never, abort.signal, access);
  await send(response, 200, printMessage(type, answerOf(result)), form);
}

async function send(response: ServerResponse, status: number, body: object, form: Form): Promise<void> {
  const { bytes, headers } = await written(body, form);
  response.writeHead(status, headers).end(bytes);
}

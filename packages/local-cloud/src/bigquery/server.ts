import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Access, type Callers, DEVELOPER } from '../callers.ts';
import { CloudError } from '../errors.ts';
import { assertNoBatch, type Form, formOf, httpMethodOf, written } from '../http/form.ts';
import { foreignRefusal } from '../http/guard.ts';
import { KEEP_ALIVE_MS } from '../http/keep-alive.ts';
import type { BigQuery } from './bigquery.ts';
import type { Media } from './load-rows.ts';
import { discoveryDocument } from './rest/discovery.ts';
import { ifMatchOf, isNotModified, parseQuery, pathBelowPrefix, readJson } from './rest/door.ts';
import { METHODS } from './rest/methods.ts';
import { authorize } from './rest/permissions.ts';
import { restError } from './rest/rest-error.ts';
import { type Match, Router } from './rest/router.ts';
import { type OnTracedCall, Traced } from './rest/traced-call.ts';
import { Uploads, uploadedPath } from './rest/uploads.ts';

/** How long close() waits for responses in progress. */
const CLOSE_GRACE_MS = 1000;

/** BigQuery's REST API over HTTP. */
export class BigQueryServer {
  readonly url: string;
  readonly port: number;
  readonly #server: Server;
  readonly #uploads: Uploads;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, uploads: Uploads, host: string, port: number) {
    this.#server = server;
    this.#uploads = uploads;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.port = port;
    this.url = `http://${host}:${port}`;
  }

  /** Port 0 picks a free port. Without `callers` every caller is the developer. */
  static async listen(
    bigquery: BigQuery,
    options: { port: number; host?: string; callers?: Callers; onTracedCall?: OnTracedCall | undefined },
  ): Promise<BigQueryServer> {
    const { port, host = '127.0.0.1', callers, onTracedCall } = options;
    const uploads = new Uploads();
    const service: Service = {
      bigquery,
      uploads,
      router: new Router(METHODS),
      accessOf: (authorization) => callers?.of(authorization) ?? DEVELOPER,
    };
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, async (request, response) => {
      const traced = onTracedCall && Traced.of(request);
      const answer = await serve(service, request, response);
      if (traced) onTracedCall(traced.ended(methodOf(service, request), response.statusCode, answer));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    return new BigQueryServer(
      server,
      uploads,
      host,
      typeof address === 'object' && address ? address.port : port,
    );
  }

  /** Stops accepting requests and waits at most a second for responses in progress; silent connections close at once. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_GRACE_MS);
    await new Promise<void>((resolve, reject) => {
      this.#server.close((error) => (error ? reject(error) : resolve()));
      // Node counts a connection that has sent nothing, or half a request, as one in use.
      for (const socket of this.#sockets) if (!isAnswering(socket)) socket.destroy();
    }).finally(() => clearTimeout(timer));
    await this.#uploads.close();
  }
}

/** Whether a connection has a response in progress. */
function isAnswering(socket: Socket): boolean {
  return '_httpMessage' in socket && Boolean(socket._httpMessage);
}

interface Service {
  readonly bigquery: BigQuery;
  readonly uploads: Uploads;
  readonly router: Router;
  /** Throws CloudError UNAUTHENTICATED. */
  accessOf(authorization: string | undefined): Access;
}

/** For an error whose request says nothing about its answer. */
const PLAIN: Form = { selection: undefined, prettyPrint: false, gzip: false };

/** Resolves with the answer, when it is not an error. */
async function serve(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<object | undefined> {
  try {
    const url = URL.parse(request.url ?? '/', 'http://bigquery.local');
    if (!url) throw new CloudError('NOT_FOUND', `Not Found: ${request.url} is not a valid path`);
    const form = formOf(request, url.searchParams);
    const answer = await dispatch(service, request, url);
    if (answer instanceof EmptyAnswer) {
      response.writeHead(answer.status, { ...answer.headers, 'content-length': 0 }).end();
      return undefined;
    }
    if (answer === undefined) {
      response.writeHead(204).end();
      return undefined;
    }
    const etag = 'etag' in answer && typeof answer.etag === 'string' ? answer.etag : undefined;
    if (etag !== undefined) response.setHeader('etag', `"${etag}"`);
    const isRead = httpMethodOf(request) === 'GET';
    if (etag !== undefined && isRead && isNotModified(request, etag)) response.writeHead(304).end();
    else await send(response, 200, answer, form);
    return answer;
  } catch (error) {
    const { status, body } = restError(error);
    if (status >= 500) console.error('BigQuery:', request.method, request.url, error);
    // The rest of a refused body stays unread, so the connection cannot be reused.
    if (!request.complete) response.setHeader('connection', 'close');
    await send(response, status, body, PLAIN);
    return undefined;
  }
}

/** `jobs.query`, or the method and path of a request that is none. */
function methodOf({ router }: Service, request: IncomingMessage): string {
  const pathname = URL.parse(request.url ?? '/', 'http://bigquery.local')?.pathname ?? '';
  const httpMethod = httpMethodOf(request);
  return router.find(httpMethod, pathBelowPrefix(pathname))?.method.id ?? `${httpMethod} ${pathname}`;
}

/** A response without a body, to a step of an upload. */
class EmptyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, headers: Readonly<Record<string, string>>) {
    this.status = status;
    this.headers = headers;
  }
}

async function dispatch(service: Service, request: IncomingMessage, url: URL): Promise<object | undefined> {
  const refusal = foreignRefusal(request);
  if (refusal !== undefined) throw new CloudError('PERMISSION_DENIED', `Refused: ${refusal}.`);
  assertNoBatch(url);
  const { bigquery, accessOf } = service;
  const { searchParams } = url;
  const uploaded = uploadedPath(url.pathname);
  const pathname = uploaded ?? url.pathname;
  // The chunks of an upload come by PUT.
  const httpMethod = uploaded === undefined ? httpMethodOf(request) : 'POST';
  if (httpMethod === 'GET' && /^\/(\$discovery|discovery\/v1\/apis\/bigquery\/v2)\/rest$/.test(pathname)) {
    return discoveryDocument(`http://${request.headers.host ?? 'localhost'}/`);
  }
  const { method, path } = find(service, httpMethod, pathname);
  bigquery.countCall(method.id);
  if (!method.handle) {
    throw new CloudError('INVALID_ARGUMENT', `${method.id} is not supported by the local BigQuery`, {
      reason: 'invalid',
    });
  }
  const { projectId } = path;
  if (projectId !== undefined && projectId !== bigquery.projectId) {
    throw new CloudError('NOT_FOUND', `Not found: Project ${projectId}`, {
      hint: `the local BigQuery has one project, ${bigquery.projectId}`,
    });
  }
  const query = parseQuery(method.query, searchParams);
  const token = query.access_token ?? query.oauth_token;
  const access = accessOf(request.headers.authorization ?? (token ? `Bearer ${token}` : undefined));
  authorize(access, method.id, bigquery.projectId, path);
  const { handle } = method;
  const answer = (body: unknown, media?: Media) =>
    handle(bigquery, {
      path,
      query,
      body: (method.body?.parse(body ?? {}, '') ?? {}) as never,
      media,
      access,
      ifMatch: ifMatchOf(request),
    });
  if (uploaded !== undefined) return upload(service, request, url, access, answer);
  const hasBody = httpMethod !== 'GET' && httpMethod !== 'DELETE';
  return answer(hasBody ? await readJson(request) : undefined);
}

/** One step of an upload; the last one is answered by the method. */
async function upload(
  { uploads }: Service,
  request: IncomingMessage,
  { pathname, searchParams }: URL,
  access: Access,
  answer: (metadata: unknown, media: Media) => Promise<object | undefined>,
): Promise<object | undefined> {
  const step = await uploads.take(request, searchParams, access.member);
  switch (step.kind) {
    case 'begun': {
      const location = `http://${request.headers.host ?? 'localhost'}${pathname}?uploadType=resumable&upload_id=${step.uploadId}`;
      return new EmptyAnswer(200, { location, 'x-guploader-uploadid': step.uploadId });
    }
    case 'incomplete': {
      // https://docs.cloud.google.com/bigquery/docs/reference/api-uploads#resumable
      const range = step.bytes > 0 ? { range: `bytes=0-${step.bytes - 1}` } : {};
      // Google's Go client, whose HTTP library takes a 308 for a redirect, asks for it in a header.
      const isOverridden = request.headers['x-guploader-no-308'] === 'yes';
      return new EmptyAnswer(isOverridden ? 200 : 308, {
        ...range,
        ...(isOverridden && { 'x-http-status-code-override': '308' }),
      });
    }
    case 'answered':
      return step.answer;
    case 'complete': {
      const { metadata, media } = step.uploaded;
      const body = await answer(metadata, media);
      if (body) step.finish(body);
      return body;
    }
  }
}

function find({ router }: Service, httpMethod: string, pathname: string): Match {
  const found = router.find(httpMethod, pathBelowPrefix(pathname));
  if (found) return found;
  throw new CloudError(
    'NOT_FOUND',
    `Not Found: ${httpMethod} ${pathname} is not a method of the local BigQuery`,
  );
}

async function send(response: ServerResponse, status: number, body: object, form: Form): Promise<void> {
  const { bytes, headers } = await written(body, form);
  response.writeHead(status, headers).end(bytes);
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Access, type Callers, DEVELOPER } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { BigQuery } from './bigquery.ts';
import { discoveryDocument } from './rest/discovery.ts';
import { authorize } from './rest/permissions.ts';
import { restError } from './rest/rest-error.ts';
import { Router } from './rest/router.ts';
import { ROUTES } from './rest/routes.ts';

/** https://docs.cloud.google.com/bigquery/quotas#streaming_inserts; a little above Google's 10 MB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** How long close() waits for responses in progress. */
const CLOSE_GRACE_MS = 1000;

const PREFIX = '/bigquery/v2/';

/**
 * BigQuery's REST API over HTTP. Serves `/bigquery/v2/…` and the same paths without that prefix: the Node.js client
 * uses BIGQUERY_EMULATOR_HOST unchanged as its base URL.
 */
export class BigQueryServer {
  readonly url: string;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, host: string, port: number) {
    this.#server = server;
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
    options: { port: number; host?: string; callers?: Callers },
  ): Promise<BigQueryServer> {
    const { port, host = '127.0.0.1', callers } = options;
    const service: Service = {
      bigquery,
      router: new Router(ROUTES),
      accessOf: ({ headers }) => callers?.of(headers.authorization) ?? DEVELOPER,
    };
    const server = createServer((request, response) => void serve(service, request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    return new BigQueryServer(server, host, typeof address === 'object' && address ? address.port : port);
  }

  /** Stops accepting requests and waits at most a second for responses in progress; silent connections close at once. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_GRACE_MS);
    await new Promise<void>((resolve, reject) => {
      this.#server.close((error) => (error ? reject(error) : resolve()));
      // Node counts a connection that has sent nothing, or half a request, as one in use.
      for (const socket of this.#sockets) if (!isAnswering(socket)) socket.destroy();
    }).finally(() => clearTimeout(timer));
  }
}

/** Whether a connection has a response in progress. */
function isAnswering(socket: Socket): boolean {
  return '_httpMessage' in socket && Boolean(socket._httpMessage);
}

interface Service {
  readonly bigquery: BigQuery;
  readonly router: Router;
  /** Throws CloudError UNAUTHENTICATED. */
  accessOf(request: IncomingMessage): Access;
}

async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const answer = await dispatch(service, request);
    if (answer === undefined) response.writeHead(204).end();
    else send(response, 200, answer);
  } catch (error) {
    const { status, body } = restError(error);
    if (status >= 500) console.error('BigQuery:', request.method, request.url, error);
    // The rest of a refused body stays unread, so the connection cannot be reused.
    if (!request.complete) response.setHeader('connection', 'close');
    send(response, status, body);
  }
}

async function dispatch(
  { bigquery, router, accessOf }: Service,
  request: IncomingMessage,
): Promise<object | undefined> {
  const method = request.method ?? 'GET';
  const url = URL.parse(request.url ?? '/', 'http://bigquery.local');
  if (!url) throw new CloudError('NOT_FOUND', `Not Found: ${request.url} is not a valid path`);
  const { pathname, searchParams } = url;
  if (method === 'GET' && /^\/(\$discovery|discovery\/v1\/apis\/bigquery\/v2)\/rest$/.test(pathname)) {
    return discoveryDocument(`http://${request.headers.host ?? 'localhost'}/`);
  }
  const path = pathname.startsWith(PREFIX) ? pathname.slice(PREFIX.length) : pathname.slice(1);
  const found = router.find(method, path);
  if (!found) {
    throw new CloudError(
      'NOT_FOUND',
      `Not Found: ${method} ${pathname} is not a method of the local BigQuery`,
    );
  }
  bigquery.countCall(found.route.id);
  const { projectId } = found.path;
  if (projectId !== undefined && projectId !== bigquery.projectId) {
    throw new CloudError('NOT_FOUND', `Not found: Project ${projectId}`, {
      hint: `the local BigQuery has one project, ${bigquery.projectId}`,
    });
  }
  const access = accessOf(request);
  authorize(access, found.route.id, bigquery.projectId, found.path);
  const body = method === 'GET' || method === 'DELETE' ? undefined : await readJson(request);
  const query = Object.fromEntries(searchParams);
  return found.route.handle(bigquery, { path: found.path, query, body, access });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Request payload size exceeds the limit: ${MAX_BODY_BYTES} bytes.`,
        {
          reason: 'invalid',
        },
      );
    }
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new CloudError('INVALID_ARGUMENT', 'Parse Error: the request is not JSON.', {
      reason: 'parseError',
    });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

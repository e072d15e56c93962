import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http';
import { KEEP_ALIVE_MS } from '../http/keep-alive.ts';

export interface InvokerCheckOptions {
  /** Where callers call, and where the container listens. */
  readonly port: number;
  readonly containerPort: number;
  /** The status of a refusal; undefined lets the caller in. */
  refusalOf(authorization: string | undefined): 401 | 403 | undefined;
}

/**
 * Cloud Run's check of the caller, before the container of a service that is not open to anybody. The container still reads the header.
 * https://docs.cloud.google.com/run/docs/securing/managing-access
 */
export class InvokerCheck {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen({ port, containerPort, refusalOf }: InvokerCheckOptions): Promise<InvokerCheck> {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      const refusal = refusalOf(request.headers.authorization);
      if (refusal === undefined) forward(request, response, containerPort);
      else refuse(response, refusal);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new InvokerCheck(server);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function refuse(response: ServerResponse, status: 401 | 403): void {
  const what =
    status === 401
      ? 'Your client does not have permission: the token is not valid.'
      : 'Your client does not have permission to get this URL from this server.';
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': 'Bearer' })
    .end(`${what}\n`);
}

function forward(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url: path, headers } = request;
  const forwarded = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
    answer.once('error', () => response.destroy());
  });
  forwarded.once('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(503).end('Service Unavailable\n');
  });
  response.once('close', () => forwarded.destroy());
  request.pipe(forwarded);
}

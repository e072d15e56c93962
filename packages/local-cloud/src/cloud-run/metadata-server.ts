import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TOKEN_SECONDS } from '../callers.ts';
import { foreignRefusal } from '../http/guard.ts';
import { KEEP_ALIVE_MS } from '../http/keep-alive.ts';

const PREFIX = '/computeMetadata/v1/';

export interface MetadataOptions {
  readonly projectId: string;
  readonly projectNumber: string;
  readonly location: string;
  /** E-mail of the account that the container runs as. */
  readonly serviceAccount: string;
  /** An access token by which the local services know an account. */
  tokenFor(email: string): string;
}

/**
 * The metadata server that a Cloud Run container asks for its project and for access tokens: Google's clients look for
 * it as soon as `K_SERVICE` is set. Each container has its own, which issues the tokens of the container's account.
 * https://docs.cloud.google.com/run/docs/container-contract#metadata-server
 */
export class MetadataServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(options: MetadataOptions): Promise<MetadataServer> {
    const answers = answersOf(options);
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
      answer(answers, request, response),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new MetadataServer(server);
  }

  /** For `GCE_METADATA_HOST`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

type Answers = Readonly<Record<string, () => string>>;

function answersOf(options: MetadataOptions): Answers {
  const { projectId, projectNumber, location, serviceAccount } = options;
  const account = 'instance/service-accounts/default/';
  const id = randomBytes(32).toString('hex');
  return {
    'project/project-id': () => projectId,
    'project/numeric-project-id': () => projectNumber,
    'instance/id': () => id,
    'instance/region': () => `projects/${projectNumber}/regions/${location}`,
    'universe/universe-domain': () => 'googleapis.com',
    [`${account}email`]: () => serviceAccount,
    [`${account}scopes`]: () => 'https://www.googleapis.com/auth/cloud-platform',
    // Differs from Google: the token is an access token, too, and holds for any audience.
    [`${account}identity`]: () => options.tokenFor(serviceAccount),
    [`${account}token`]: () =>
      JSON.stringify({
        access_token: options.tokenFor(serviceAccount),
        expires_in: TOKEN_SECONDS,
        token_type: 'Bearer',
      }),
  };
}

function answer(answers: Answers, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Metadata-Flavor', 'Google');
  response.setHeader('Content-Type', 'application/text');
  const refusal = foreignRefusal(request);
  if (refusal !== undefined) {
    response.writeHead(403).end(`Refused: ${refusal}.`);
    return;
  }
  const { pathname } = new URL(request.url ?? '/', 'http://metadata');
  // Google's guard against server-side request forgery.
  if (request.headers['metadata-flavor'] !== 'Google') {
    response.writeHead(403).end('Missing Metadata-Flavor:Google header.');
    return;
  }
  const found = pathname.startsWith(PREFIX) ? answers[pathname.slice(PREFIX.length)] : undefined;
  if (found) response.end(found());
  else response.writeHead(404).end(`${pathname} is not emulated.`);
}

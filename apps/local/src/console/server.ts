import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reasonOf, UserError } from '@records/cli';
import { type Clock, foreignRefusal, hostRefusal, readBody, systemClock } from '@records/local-cloud';
import { LiveStream } from './live.ts';
import { languageOf, shellPage } from './shell.ts';
import type { StackView } from './stack-view.ts';
import { type Asset, assetAt } from './static-files.ts';
import { Refusal, type Text } from './text.ts';
import { type Input, type ServerView, VIEWS } from './views.ts';

/** Bytes of a request that the page sends. */
const MAX_BODY_BYTES = 256 * 1024;

/** Nothing but this server's own scripts and styles; no other host, no frame around it. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

export interface ConsoleOptions {
  readonly view: StackView;
  /** 0 picks a free one. */
  readonly port: number;
  readonly clock?: Clock;
  /** Receives bugs of the console, which the page sees as 500. */
  readonly onError: (error: unknown) => void;
}

/**
 * Serves the console on the loopback address: the page, its calls at `/api/VIEW/CALL`, and one stream at `/live`. Nothing is
 * computed while no page listens.
 */
export class ConsoleServer {
  readonly url: string;
  readonly #server: Server;
  readonly #live: LiveStream;
  readonly #opened: ReadonlyMap<string, Promise<ServerView | undefined>>;

  private constructor(
    server: Server,
    live: LiveStream,
    opened: ReadonlyMap<string, Promise<ServerView | undefined>>,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    this.#live = live;
    this.#opened = opened;
  }

  /** Throws Node's `EADDRINUSE` when the port is in use. */
  static async listen({ view, port, clock = systemClock, onError }: ConsoleOptions): Promise<ConsoleServer> {
    const opened = new Map<string, Promise<ServerView | undefined>>();
    const open = (name: string): Promise<ServerView | undefined> => {
      const found = opened.get(name) ?? VIEWS[name]?.().then(({ open }) => open(view));
      if (found) opened.set(name, found);
      return found ?? Promise.resolve(undefined);
    };
    const live = new LiveStream({ view, clock, onError });
    const server = createServer((request, response) => {
      answer(request, response, { view, open, live }).catch((error: unknown) =>
        fail(response, error, onError),
      );
    });
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return new ConsoleServer(server, live, opened);
  }

  /** Open pages that listen. */
  get pages(): number {
    return this.#live.pages;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#live.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    for (const opening of this.#opened.values()) {
      // A view that could not be opened has nothing to end; its call has failed.
      const view = await opening.catch(() => undefined);
      await view?.close?.();
    }
  }
}

interface Parts {
  readonly view: StackView;
  readonly live: LiveStream;
  open(name: string): Promise<ServerView | undefined>;
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const wrongHost = hostRefusal(request);
  if (wrongHost !== undefined) return refuse(response, 421, wrongHost);
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, first = '', name = '', call = ''] = path.split('/');
  if (first === 'api' || first === 'live') {
    const foreign = foreignRefusal(request) ?? otherPage(request);
    if (foreign !== undefined) return refuse(response, 403, foreign);
  }
  if (request.method !== 'GET' && first !== 'api') return refuse(response, 405, `${path} takes GET only`);
  if (first === 'live') return parts.live.serve(response, await parts.open(query.get('view') ?? ''));
  if (path === '/api/state') return json(response, await parts.view.state());
  if (first === 'api') return callView(request, response, query, await parts.open(name), call);
  const asset = await assetAt(path);
  if (asset) return send(response, asset);
  if (name !== '' || !/^[a-z-]*$/.test(first)) return refuse(response, 404, `there is nothing at ${path}`);
  const page = shellPage(languageOf(query.get('lang'), request.headers['accept-language']));
  response.setHeader('vary', 'accept-language');
  response.setHeader('content-security-policy', page.policy);
  send(response, page);
}

/** Only the console's own page may call it: not another server's page on this machine. */
function otherPage({ headers: { origin, host, ...headers } }: IncomingMessage): string | undefined {
  const site = headers['sec-fetch-site'] ?? 'same-origin';
  if (
    (origin === undefined || origin === `http://${host}`) &&
    ['same-origin', 'none'].includes(String(site))
  ) {
    return undefined;
  }
  return `the request comes from another page${origin === undefined ? '' : `, of ${origin}`}: only the console's own page may call it`;
}

async function callView(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  view: ServerView | undefined,
  call: string,
): Promise<void> {
  const run = view?.calls?.[`${request.method} ${call}`];
  if (!run) return refuse(response, 404, `there is no call ${request.method} ${request.url}`);
  const input = request.method === 'GET' ? Object.fromEntries(query) : await inputOf(request);
  json(response, (await run(input)) ?? {});
}

async function inputOf(request: IncomingMessage): Promise<Input> {
  const text = (await readBody(request, MAX_BODY_BYTES)).toString();
  try {
    const input: unknown = JSON.parse(text);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Input;
  } catch {
    // Said below.
  }
  throw new Refusal({ en: 'The body is not a JSON object.', es: 'El cuerpo no es un objeto JSON.' });
}

function fail(response: ServerResponse, error: unknown, onError: (error: unknown) => void): void {
  const expected = textOf(error);
  if (!expected) onError(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  json(response, { error: expected ?? FAILED }, expected ? 400 : 500);
}

const FAILED: Text = {
  en: 'The console failed. The error is in the terminal of pnpm dev.',
  es: 'La consola falló. El error está en la terminal de pnpm dev.',
};

/** The text of an error that the person can mend: a refusal, or the error of a service, which has a code and is in English. */
function textOf(error: unknown): Text | undefined {
  if (error instanceof Refusal) return error.text;
  const isOfService = typeof error === 'object' && error !== null && 'code' in error;
  if (!(error instanceof UserError || isOfService)) return undefined;
  const hint = error instanceof UserError && error.hint !== undefined ? `: ${error.hint}` : '';
  const said = `${reasonOf(error)}${hint}`;
  return { en: said, es: said };
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  json(response, { error: { en: `Refused: ${reason}.`, es: `Rechazado: ${reason}.` } }, status);
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(value));
}

function send(response: ServerResponse, { type, body }: Asset): void {
  response.writeHead(200, { 'content-type': type }).end(body);
}

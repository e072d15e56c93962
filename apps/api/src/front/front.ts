import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { type AddressLimit, limitHeader, policyHeader } from '../limits/address-limit.ts';
import type { Full, Load } from '../limits/load.ts';
import type { Sending } from '../limits/sending.ts';
import { isHealth, NO_ROUTE, routeOf } from '../plugins/problems.ts';
import { isHost } from '../plugins/request-checks.ts';
import { OVERLOADED, problemResponse, STATIC_HEADERS } from '../problems/problem.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { FrontResponse, serialized } from './front-response.ts';

/** Requests in the cache, and the characters of each key. */
const MAX_KNOWN = 5_000;
const MAX_KEY_LENGTH = 500;

/** A placeholder of the same length as a request id. */
const ANY_REQUEST = '00000000-0000-0000-0000-000000000000';
const REFUSALS: Readonly<Record<Full, Refusal>> = {
  instance: refusalOf(OVERLOADED),
  caller: refusalOf(
    'This instance already answers as many of your requests as one caller may have at a time. Wait for their answers.',
  ),
};
/** An estimate of what a stream has in memory. */
const STREAM_BYTES = 64 * 1024;

export interface Answer {
  readonly status: 200 | 304;
  /** The same object for the same body, so that the front can cache the serialized headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly age: string;
  /** Undefined for a 304. Prefer a string for short bodies: Node writes it together with the head. */
  readonly body: string | Buffer | undefined;
}

/** The current answer; undefined when it is not in memory. Starts no work and never throws. */
export type Known = (headers: IncomingHttpHeaders) => Answer | undefined;

export interface FrontOptions {
  /** The routes' limit for requests without a key. */
  readonly limit: AddressLimit;
  readonly load: Load;
  readonly sending: Sending;
  readonly telemetry: Telemetry;
  /** Whether every request is logged. Only the routes do that. */
  readonly logsEach: boolean;
}

/**
 * Stands before Fastify and answers repeated requests from memory: routing and validating a hot page again costs more than sending
 * it (docs/design-reading.md). New, limited, traced and uncached requests go to the routes; under overload it refuses them.
 */
export class Front {
  readonly #options: FrontOptions;
  readonly #known = new LRUCache<string, { readonly route: string; readonly answer: Known }>({
    max: MAX_KNOWN,
  });
  readonly #constant = new WeakMap<object, string>();
  readonly #places = new WeakMap<ServerResponse, () => void>();
  #stopping = false;

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  /** Remembers how to answer a request that its route has accepted. */
  learn(request: FastifyRequest, answer: Known): void {
    if (!isPlain(request.raw)) return;
    const key = keyOf(request.raw);
    if (key.length <= MAX_KEY_LENGTH) this.#known.set(key, { route: routeOf(request), answer });
  }

  /** Leaves every request to the routes from now on: they tell clients to close the connection. */
  stop(): void {
    this.#stopping = true;
  }

  /** The listener for the server; `routes` gets what the front does not answer. */
  listener(routes: RequestListener): RequestListener {
    const { load, limit } = this.#options;
    return (request, response) => {
      if (this.#answer(request, response)) return;
      if (isHealth(request.url)) return routes(request, response);
      const key = request.headers['x-api-key'];
      // A wrong key is refused before its place is missed.
      const leave = load.enter(key === undefined ? limit.addressOf(request) : `key ${key}`);
      if (typeof leave === 'string') return this.#refuse(request, response, leave);
      this.#places.set(response, leave);
      // The client goes away before its answer is made.
      response.once('close', leave);
      routes(request, response);
    };
  }

  /** Call this when the routes have made an answer: it frees its place, however long its client takes to read. */
  made({ raw: request, caller }: FastifyRequest, { raw: response }: FastifyReply, body: unknown): void {
    this.#places.get(response)?.();
    this.#sent(request, response, bytesOf(body), caller?.id);
  }

  #sent(request: IncomingMessage, response: ServerResponse, bytes: number, caller?: string): void {
    const { sending, limit } = this.#options;
    sending.add(request.socket, response, caller ?? limit.addressOf(request), bytes);
  }

  /** Refuses cheaply: counted, not logged, since refusing must not become the load itself (decision 0018). */
  #refuse(request: IncomingMessage, response: ServerResponse, full: Full): void {
    const began = performance.now();
    const { status, headers: fields, body } = REFUSALS[full];
    const requestId = randomUUID();
    const headers = fields.map((part) => (part === ANY_REQUEST ? requestId : part));
    if (this.#stopping) headers.push('connection', 'close');
    response.writeHead(status, headers).end(body.replace(ANY_REQUEST, requestId));
    if (response.writableLength > 0) this.#sent(request, response, body.length);
    const { metrics } = this.#options.telemetry;
    metrics.requestRefused('overloaded');
    metrics.requestEnded(NO_ROUTE, status, (performance.now() - began) / 1_000);
  }

  #answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { limit, telemetry, logsEach } = this.#options;
    if (this.#stopping || logsEach || !isPlain(request) || !(response instanceof FrontResponse)) return false;
    const began = performance.now();
    const known = this.#known.get(keyOf(request));
    if (!known || telemetry.tracing.samples(request.headers)) return false;
    const answer = known.answer(request.headers);
    if (!answer) return false;
    const decision = limit.take(limit.addressOf(request));
    // The routes refuse it; a refusal takes nothing from the quota.
    if (!decision.allowed) return false;
    const { status, age, body } = answer;
    const ratelimit = limitHeader(limit.policy, decision);
    const varying = ['age', age, 'ratelimit', ratelimit, 'x-request-id', randomUUID()];
    // Node takes an answer for chunked unless it is given this field.
    if (body) varying.push('content-length', String(Buffer.byteLength(body)));
    response.constant = this.#constantHeaders(answer);
    response.writeHead(status, varying);
    response.end(body);
    if (response.writableLength > 0) this.#sent(request, response, body?.length ?? 0);
    telemetry.metrics.requestEnded(known.route, status, (performance.now() - began) / 1_000);
    return true;
  }

  /** The fields that are the same for the same body. */
  #constantHeaders({ headers }: Answer): string {
    let constant = this.#constant.get(headers);
    if (constant === undefined) {
      const policy = policyHeader(this.#options.limit.policy);
      constant = serialized({ ...STATIC_HEADERS, 'ratelimit-policy': policy, ...headers });
      this.#constant.set(headers, constant);
    }
    return constant;
  }
}

/** Whether the target, the Accept headers and the conditions alone decide the answer. */
function isPlain({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    isHost(headers.host) &&
    headers['x-api-key'] === undefined &&
    headers['if-match'] === undefined &&
    headers['if-unmodified-since'] === undefined &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

interface Refusal {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

function refusalOf(detail: string): Refusal {
  const { status, headers, body } = problemResponse('overloaded', detail, ANY_REQUEST);
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  return { status, headers: Object.entries(all).flat(), body };
}

function bytesOf(body: unknown): number {
  if (typeof body === 'string' || body instanceof Uint8Array) return body.length;
  return body instanceof Readable ? STREAM_BYTES : 0;
}

function keyOf({ url, headers }: IncomingMessage): string {
  return `${url}\n${headers.accept ?? ''}\n${headers['accept-encoding'] ?? ''}`;
}

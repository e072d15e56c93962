import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { type AddressLimit, limitHeader, policyHeader } from '../limits/address-limit.ts';
import type { Load } from '../limits/load.ts';
import { isHealth, NO_ROUTE, routeOf } from '../plugins/problems.ts';
import { OVERLOADED, problemResponse, STATIC_HEADERS } from '../problems/problem.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Requests in the cache, and the characters of each key. */
const MAX_KNOWN = 5_000;
const MAX_KEY_LENGTH = 500;

/** A placeholder of the same length as a request id. */
const ANY_REQUEST = '00000000-0000-0000-0000-000000000000';
const REFUSAL = problemResponse('overloaded', OVERLOADED, ANY_REQUEST);
/** Names and values in turn. */
const REFUSAL_HEADERS: readonly string[] = Object.entries({
  ...REFUSAL.headers,
  'content-length': String(Buffer.byteLength(REFUSAL.body)),
}).flat();

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
  readonly telemetry: Telemetry;
  /** Close the connection when a client reads nothing for this long. Milliseconds. */
  readonly stallMs: number;
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
  readonly #constant = new WeakMap<object, readonly string[]>();
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
    const { load, stallMs } = this.#options;
    return (request, response) => {
      if (this.#answer(request, response)) return;
      if (isHealth(request.url)) return routes(request, response);
      if (!load.enter()) return this.#refuse(response);
      // `close` also comes when the client goes away.
      response.once('close', () => load.leave());
      // Exports set a longer timeout.
      request.socket.setTimeout(stallMs);
      routes(request, response);
    };
  }

  /** Refuses cheaply: counted, not logged, since refusing must not become the load itself (decision 0018). */
  #refuse(response: ServerResponse): void {
    const began = performance.now();
    const { status, body } = REFUSAL;
    const requestId = randomUUID();
    const headers = REFUSAL_HEADERS.map((part) => (part === ANY_REQUEST ? requestId : part));
    if (this.#stopping) headers.push('connection', 'close');
    response.writeHead(status, headers).end(body.replace(ANY_REQUEST, requestId));
    const { metrics } = this.#options.telemetry;
    metrics.requestRefused('overloaded');
    metrics.requestEnded(NO_ROUTE, status, (performance.now() - began) / 1_000);
  }

  #answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { limit, telemetry, stallMs, logsEach } = this.#options;
    if (this.#stopping || logsEach || !isPlain(request)) return false;
    const began = performance.now();
    const known = this.#known.get(keyOf(request));
    if (!known || telemetry.tracing.samples(request.headers)) return false;
    const answer = known.answer(request.headers);
    if (!answer) return false;
    const decision = limit.take(request);
    // The routes refuse it; a refusal takes nothing from the quota.
    if (!decision.allowed) return false;
    const { status, age, body } = answer;
    const ratelimit = limitHeader(limit.policy, decision);
    const varying = ['age', age, 'ratelimit', ratelimit, 'x-request-id', randomUUID()];
    response.writeHead(status, [...this.#constantHeaders(answer), ...varying]);
    response.end(body);
    // Only when the client has not taken all of it: a timer per response costs 5 % of the throughput.
    if (request.socket.writableLength > 0) request.socket.setTimeout(stallMs);
    telemetry.metrics.requestEnded(known.route, status, (performance.now() - began) / 1_000);
    return true;
  }

  /** All but three headers: names and values in turn. */
  #constantHeaders({ headers, body }: Answer): readonly string[] {
    let all = this.#constant.get(headers);
    if (!all) {
      all = Object.entries({
        ...STATIC_HEADERS,
        'ratelimit-policy': policyHeader(this.#options.limit.policy),
        ...headers,
        ...(body && { 'content-length': String(Buffer.byteLength(body)) }),
      }).flat();
      this.#constant.set(headers, all);
    }
    return all;
  }
}

/** Whether the target, the Accept headers and the conditions alone decide the answer. */
function isPlain({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.host !== undefined &&
    headers['x-api-key'] === undefined &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

function keyOf({ url, headers }: IncomingMessage): string {
  return `${url}\n${headers.accept ?? ''}\n${headers['accept-encoding'] ?? ''}`;
}

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { type AddressLimit, limitHeader, policyHeader } from '../limits/address-limit.ts';
import type { Load } from '../limits/load.ts';
import { isHealth, NO_ROUTE, routeOf } from '../plugins/problems.ts';
import { OVERLOADED, problemResponse } from '../problems/problem.ts';
import { STATIC_HEADERS } from '../problems/static-headers.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Requests that are remembered, and the characters of each. */
const MAX_KNOWN = 5_000;
const MAX_KEY_LENGTH = 500;

/** Stands for the request's id, which is as long. */
const ANY_REQUEST = '00000000-0000-0000-0000-000000000000';
const REFUSAL = problemResponse('overloaded', OVERLOADED, ANY_REQUEST);
/** In turn a name and its value. */
const REFUSAL_HEADERS: readonly string[] = Object.entries({
  ...REFUSAL.headers,
  'content-length': String(Buffer.byteLength(REFUSAL.body)),
}).flat();

/** What answers a request that a route has read and found good. */
export interface Answer {
  readonly status: 200 | 304;
  /** Those of this body whenever it is sent: the same object each time. */
  readonly headers: Readonly<Record<string, string>>;
  readonly age: string;
  /** Undefined for a 304. What is short is better a text: Node writes it and the head in one piece, which costs less than two. */
  readonly body: string | Buffer | undefined;
}

/** The answer as it is now; undefined when it is not in memory. Starts nothing, and never throws. */
export type Known = (headers: IncomingHttpHeaders) => Answer | undefined;

export interface FrontOptions {
  /** For requests without a key, as the routes have it. */
  readonly limit: AddressLimit;
  readonly load: Load;
  readonly telemetry: Telemetry;
  /** Who takes nothing of an answer for so long is hung up on. Milliseconds. */
  readonly stallMs: number;
  /** Whether a line is logged of each request, which the routes do. */
  readonly logsEach: boolean;
}

/**
 * Stands before Fastify, and answers what was asked before in the same words and is in memory: a hot page would otherwise be
 * found, read and checked anew each time, which costs more than to send it (docs/design-reading.md). It knows no rule of its own:
 * whatever is new, refused, traced or not in memory goes to the routes. What these could only answer too late it refuses.
 */
export class Front {
  readonly #limit: AddressLimit;
  readonly #load: Load;
  readonly #telemetry: Telemetry;
  readonly #stallMs: number;
  readonly #logsEach: boolean;
  readonly #known = new LRUCache<string, { readonly route: string; readonly answer: Known }>({
    max: MAX_KNOWN,
  });
  readonly #constant = new WeakMap<object, readonly string[]>();
  #stopping = false;

  constructor({ limit, load, telemetry, stallMs, logsEach }: FrontOptions) {
    this.#limit = limit;
    this.#load = load;
    this.#telemetry = telemetry;
    this.#stallMs = stallMs;
    this.#logsEach = logsEach;
  }

  /** Of a request that its route has found good: what answers it from now on, while it is in memory. */
  learn(request: FastifyRequest, answer: Known): void {
    const { config, url } = request.routeOptions;
    // What is deprecated says so by a hook.
    if (!isPlain(request.raw) || config.deprecated || url === undefined) return;
    const key = keyOf(request.raw);
    if (key.length <= MAX_KEY_LENGTH) this.#known.set(key, { route: routeOf(request), answer });
  }

  /** From now on the routes answer everything: they tell each client to hang up. */
  stop(): void {
    this.#stopping = true;
  }

  /** What answers requests: this where it can, `routes` where not, as long as those are in time. */
  listener(routes: RequestListener): RequestListener {
    return (request, response) => {
      if (this.#answer(request, response)) return;
      if (isHealth(request.url)) return routes(request, response);
      if (!this.#load.enter()) return this.#refuse(response);
      // Also for a caller that goes away.
      response.once('close', () => this.#load.leave());
      // Until the answer is sent; a route may allow for more.
      request.socket.setTimeout(this.#stallMs);
      routes(request, response);
    };
  }

  /** A refusal has to cost little, or it is what the time goes into (decision 0018). It is counted, and not logged. */
  #refuse(response: ServerResponse): void {
    const began = performance.now();
    const { status, body } = REFUSAL;
    const requestId = randomUUID();
    const headers = REFUSAL_HEADERS.map((part) => (part === ANY_REQUEST ? requestId : part));
    // As the routes say to each client then.
    if (this.#stopping) headers.push('connection', 'close');
    response.writeHead(status, headers).end(body.replace(ANY_REQUEST, requestId));
    const { metrics } = this.#telemetry;
    metrics.requestRefused('overloaded');
    metrics.requestEnded(NO_ROUTE, status, (performance.now() - began) / 1_000);
  }

  #answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#stopping || this.#logsEach || !isPlain(request)) return false;
    const began = performance.now();
    const known = this.#known.get(keyOf(request));
    if (!known || this.#telemetry.tracing.samples(request.headers)) return false;
    const answer = known.answer(request.headers);
    if (!answer) return false;
    const decision = this.#limit.take(request);
    // Refused by the routes: what is refused takes nothing from the quota, however often.
    if (!decision.allowed) return false;
    const { status, age, body } = answer;
    const ratelimit = limitHeader(this.#limit.policy, decision);
    const varying = ['age', age, 'ratelimit', ratelimit, 'x-request-id', randomUUID()];
    response.writeHead(status, [...this.#constantHeaders(answer), ...varying]);
    response.end(body);
    // Not for each answer: a timer for all of them takes a twentieth of the time. https://nodejs.org/api/http.html#servertimeout
    if (request.socket.writableLength > 0) request.socket.setTimeout(this.#stallMs);
    this.#telemetry.metrics.requestEnded(known.route, status, (performance.now() - began) / 1_000);
    return true;
  }

  /** All but three, in turn a name and its value. */
  #constantHeaders({ headers, body }: Answer): readonly string[] {
    let all = this.#constant.get(headers);
    if (!all) {
      all = Object.entries({
        ...STATIC_HEADERS,
        'ratelimit-policy': policyHeader(this.#limit.policy),
        ...headers,
        ...(body && { 'content-length': String(Buffer.byteLength(body)) }),
      }).flat();
      this.#constant.set(headers, all);
    }
    return all;
  }
}

/** Whether nothing but its target, what it accepts and its conditions can decide the answer. */
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

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { closeAfterAll } from './cleanup.ts';

/** Replaces BigQuery's response to a call. */
export type Fault =
  | 'hang'
  | 'reset'
  | { readonly status: number; readonly body: string; readonly type?: string };

/** An error in BigQuery's own shape. */
export function googleError(status: number, reason: string, message = `secret: ${reason}`): Fault {
  return {
    status,
    body: JSON.stringify({ error: { code: status, message, errors: [{ reason, message }] } }),
  };
}

/** A proxy of BigQuery that records calls and injects faults. Closed after the test file. */
export class BigQueryFront {
  readonly calls: string[] = [];
  /** Of the calls, in order. */
  readonly headers: IncomingHttpHeaders[] = [];
  /** The JSON bodies of the calls that have one. */
  readonly bodies: Record<string, unknown>[] = [];
  /** Called for each call, with its number from 1 since the last `reset()`. */
  fault: (call: number) => Fault | undefined | Promise<Fault | undefined> = () => undefined;
  readonly #hanging = new Set<IncomingMessage>();
  readonly #server: Server;
  readonly #target: string | undefined;
  #gone = false;
  /** Connection attempts while `gone`. */
  refused = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(target: string | undefined) {
    this.#target = target;
    this.#server = createServer({ keepAliveTimeout: 0 }, (incoming, outgoing) =>
      this.#handle(incoming, outgoing),
    );
    this.#server.prependListener('connection', (socket) => {
      if (!this.#gone) return;
      this.refused += 1;
      socket.resetAndDestroy();
    });
  }

  /** `target` is the base URL of BigQuery; without it, only faults are answered. */
  static async listen(target?: string): Promise<BigQueryFront> {
    const front = new BigQueryFront(target);
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    closeAfterAll(() => front.#close());
    return front;
  }

  /** For BIGQUERY_EMULATOR_HOST. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/bigquery/v2`;
  }

  /** While gone, it refuses connections; going away drops those that are open. */
  set gone(gone: boolean) {
    this.#gone = gone;
    if (gone) this.#server.closeAllConnections();
  }

  reset(): void {
    this.gone = false;
    this.refused = 0;
    this.calls.length = 0;
    this.headers.length = 0;
    this.bodies.length = 0;
    this.fault = () => undefined;
    for (const { socket } of this.#hanging) socket.resetAndDestroy();
    this.#hanging.clear();
  }

  /** Resolves after `count` calls since the last `reset()`. */
  async called(count: number): Promise<void> {
    if (this.calls.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  async #close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, url = '' } = incoming;
    const body = await text(incoming);
    if (body !== '') this.bodies.push(JSON.parse(body));
    this.headers.push(incoming.headers);
    this.calls.push(`${method} ${url.split('?', 1)[0]}`);
    for (const { count, resolve } of this.#waiting) if (this.calls.length >= count) resolve();
    const fault = await this.fault(this.calls.length);
    if (fault === 'hang') {
      this.#hanging.add(incoming);
    } else if (fault === 'reset') {
      incoming.socket.resetAndDestroy();
    } else if (fault) {
      outgoing.writeHead(fault.status, { 'content-type': fault.type ?? 'application/json' }).end(fault.body);
    } else {
      this.#pass(incoming, body, outgoing);
    }
  }

  #pass(incoming: IncomingMessage, body: string, outgoing: ServerResponse): void {
    if (this.#target === undefined) throw new Error(`no BigQuery behind this proxy for ${incoming.url}`);
    const { method, headers, url = '' } = incoming;
    const onward = request(new URL(url, this.#target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', (error) => outgoing.destroy(error));
    onward.end(body);
  }
}

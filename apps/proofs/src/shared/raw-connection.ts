import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: string;
  readonly hasRetryAfter: boolean;
}

const END_OF_HEAD = '\r\n\r\n';
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * A connection of a load generator. It reads only the status, `Retry-After` and the length of an answer: a client that parses
 * every header takes as long as the server, which shows in the figures when both share a processor.
 */
export class RawConnection {
  readonly #socket: Socket;
  #head = NOTHING;
  /** Bytes of the body still to come. */
  #left = 0;
  #answer: RawAnswer = { status: '', hasRetryAfter: false };
  #asked: PromiseWithResolvers<RawAnswer> | undefined;

  constructor({ hostname, port }: URL) {
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('data', (data) => this.#onData(data));
    const broke = (error = new Error('the connection was closed')) => this.#asked?.reject(error);
    this.#socket.once('error', broke).once('close', () => broke());
  }

  /** Sends one whole request; one at a time. Rejects when the connection breaks before the answer is complete. */
  ask(request: Buffer): Promise<RawAnswer> {
    this.#asked = Promise.withResolvers();
    this.#socket.write(request);
    return this.#asked.promise;
  }

  close(): void {
    this.#asked = undefined;
    this.#socket.destroy();
  }

  #onData(data: Buffer): void {
    if (this.#left > 0) {
      this.#left -= data.length;
    } else {
      const head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data]);
      const size = head.indexOf(END_OF_HEAD);
      this.#head = size < 0 ? head : NOTHING;
      if (size < 0) return;
      const text = head.toString('latin1', 0, size);
      const status = text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
      this.#answer = { status, hasRetryAfter: /\r\nretry-after:/i.test(text) };
      if (/\r\ntransfer-encoding:/i.test(text)) {
        this.#socket.destroy(new Error(`the answer ${status} has no content-length`));
        return;
      }
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      this.#left = length - (head.length - size - END_OF_HEAD.length);
    }
    if (this.#left === 0) this.#asked?.resolve(this.#answer);
  }
}

/** The bytes of a GET request. */
export function requestOf(target: string, { host }: URL, headers: Readonly<Record<string, string>>): Buffer {
  const fields = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${target} HTTP/1.1\r\n${fields.join('')}\r\n`);
}

import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: string;
  /** Whether it says when to come back. */
  readonly hasRetryAfter: boolean;
}

const END_OF_HEAD = '\r\n\r\n';
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * A connection of a load generator. It looks at no more of an answer than its status, `Retry-After` and where it ends: a client
 * that reads every header takes as long for it as the server, and where the two share their processors it is measured as well.
 */
export class RawConnection {
  readonly #socket: Socket;
  #head = NOTHING;
  /** Bytes of the body that are still to come. */
  #left = 0;
  #answer: RawAnswer = { status: '', hasRetryAfter: false };
  #asked: PromiseWithResolvers<RawAnswer> | undefined;

  constructor({ hostname, port }: URL) {
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('data', (data) => this.#onData(data));
    const broke = (error = new Error('the connection was closed')) => this.#asked?.reject(error);
    this.#socket.once('error', broke).once('close', () => broke());
  }

  /** One request at a time, a whole one. Rejects when the connection breaks before the answer is there. */
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
        this.#socket.destroy(new Error(`an answer ${status} without a length can not be followed`));
        return;
      }
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      this.#left = length - (head.length - size - END_OF_HEAD.length);
    }
    if (this.#left === 0) this.#asked?.resolve(this.#answer);
  }
}

/** A GET as it goes over the wire. */
export function requestOf(target: string, { host }: URL, headers: Readonly<Record<string, string>>): Buffer {
  const fields = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${target} HTTP/1.1\r\n${fields.join('')}\r\n`);
}

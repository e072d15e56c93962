import { connect, type Socket } from 'node:net';

/** What a client takes at a time, and how often. */
const PIECE_BYTES = 1_500;
const PIECE_MS = 10_000;

export interface SlowReaderOptions {
  readonly host: string;
  readonly port: string;
  /** The client's own address. */
  readonly localAddress: string;
  /** The target of the next request. */
  target(): string;
  /** Whether it takes a little every ten seconds. Otherwise it takes nothing. */
  readonly trickles: boolean;
  /** Called with the status of each answer that the client sees the beginning of. */
  onStatus(status: string): void;
}

/** A client that asks, and hardly reads. It asks again whenever its connection closes, until it is stopped. */
export class SlowReader {
  readonly #options: SlowReaderOptions;
  #socket: Socket;
  readonly #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: SlowReaderOptions) {
    this.#options = options;
    this.#socket = this.#ask();
    if (options.trickles) this.#timer = setInterval(() => this.#socket.resume(), PIECE_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#socket.destroy();
  }

  #ask(): Socket {
    const { host, port, localAddress, target, onStatus } = this.#options;
    let isFirst = true;
    const onread = {
      buffer: Buffer.alloc(PIECE_BYTES),
      callback: (_length: number, buffer: Uint8Array) => {
        if (isFirst) onStatus(Buffer.from(buffer).toString('latin1', 9, 12));
        isFirst = false;
        // Reads no more until it is resumed.
        return false;
      },
    };
    const socket = connect({ host, port: Number(port), localAddress, onread });
    socket.write(`GET ${target()} HTTP/1.1\r\nHost: api\r\n\r\n`);
    // The API closes the connection of a client that hardly reads: that is its right.
    socket.on('error', () => {});
    socket.once('close', () => {
      if (!this.#isStopped) this.#socket = this.#ask();
    });
    return socket;
  }
}

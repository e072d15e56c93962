import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy on this machine, whose address stays while what is behind it moves. */
export class TcpProxy implements AsyncDisposable {
  /** host:port of what is behind; connections are refused while there is nothing. */
  target: string | undefined;
  readonly host: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, host: string) {
    this.#server = server;
    this.#sockets = sockets;
    this.host = host;
  }

  static async start(): Promise<TcpProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => proxy.#connect(near));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    const proxy = new TcpProxy(server, sockets, `127.0.0.1:${address.port}`);
    return proxy;
  }

  /** Breaks every connection, as a network does: RST, without a word. Returns how many ends there were. */
  reset(): number {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.reset();
    await once(this.#server, 'close');
  }

  #connect(near: Socket): void {
    if (this.target === undefined) {
      near.resetAndDestroy();
      return;
    }
    const [host, port] = this.target.split(':');
    const far = connect(Number(port), host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.pipe(other);
      // The other end hears of it as it would without a proxy.
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

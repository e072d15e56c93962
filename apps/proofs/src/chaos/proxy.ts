import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy whose address stays the same while its target moves. */
export class TcpProxy implements AsyncDisposable {
  /** host:port. Connections are refused while it is undefined. */
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

  /** Resets every connection (TCP RST). Answers the number of ends. */
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
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { type Callers, DEVELOPER } from '../callers.ts';
import type { PubSub } from './pubsub.ts';
import { createGrpcServer } from './wire/grpc.ts';
import { createRestServer } from './wire/rest.ts';

/** The start of an HTTP/2 connection; no HTTP/1 request starts with it. https://www.rfc-editor.org/rfc/rfc9113#preface */
const HTTP2_PREFACE = 'PRI';

/** Serves Pub/Sub on a port, for PUBSUB_EMULATOR_HOST. gRPC and REST share the port, as in Google's emulator. */
export class PubSubServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #grpc: GrpcServer;
  readonly #rest: HttpServer;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, grpc: GrpcServer, rest: HttpServer, sockets: Set<Socket>) {
    const { address, port } = server.address() as AddressInfo;
    this.host = `${address}:${port}`;
    this.port = port;
    this.#server = server;
    this.#grpc = grpc;
    this.#rest = rest;
    this.#sockets = sockets;
  }

  /**
   * Port 0 picks a free port. Throws Node's `EADDRINUSE` when the port is in use. `onError` receives bugs of the service,
   * which clients see as INTERNAL. Without `callers`, every request is the developer's.
   */
  static async listen(
    pubsub: PubSub,
    options: { port: number; host?: string; callers?: Callers; onError?(error: unknown): void },
  ): Promise<PubSubServer> {
    const report = (error: unknown) => (options.onError ?? console.error)(error);
    const accessOf = (authorization: string | undefined) => options.callers?.of(authorization) ?? DEVELOPER;
    const wire = { pubsub, accessOf, report };
    const grpc = createGrpcServer(wire);
    const rest = createRestServer(wire);
    const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      let start = '';
      const recognize = (chunk: Buffer) => {
        start += chunk.toString('latin1');
        // The preface may arrive in parts.
        if (start.length < HTTP2_PREFACE.length && HTTP2_PREFACE.startsWith(start)) return;
        socket.off('data', recognize);
        socket.pause();
        socket.unshift(Buffer.from(start, 'latin1'));
        if (start.startsWith(HTTP2_PREFACE)) injector.injectConnection(socket);
        else rest.emit('connection', socket);
        process.nextTick(() => socket.resume());
      };
      socket.on('data', recognize);
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
    await promise;
    server.off('error', reject).on('error', report);
    return new PubSubServer(server, grpc, rest, sockets);
  }

  /** Stops listening and closes every connection. `pubsub` stays open. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#grpc.forceShutdown();
    this.#rest.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

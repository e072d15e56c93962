import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { foreignRefusal } from '../http/guard.ts';
import { CONTENT_TYPE, exposition, type Metric } from './exposition.ts';

/** Serves metrics to Prometheus at `/metrics`, on the loopback address. */
export class MetricsServer {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  }

  /** Port 0 picks a free port. Throws Node's `EADDRINUSE` when the port is in use. Calls `read` for each request. */
  static async listen(port: number, read: () => readonly Metric[]): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      const { method, url } = request;
      const refusal = foreignRefusal(request);
      if (refusal !== undefined) {
        response.writeHead(403).end(`Refused: ${refusal}.\n`);
        return;
      }
      if (method !== 'GET' || url !== '/metrics') {
        response.writeHead(404).end('Metrics are at /metrics\n');
        return;
      }
      try {
        response.setHeader('content-type', CONTENT_TYPE).end(exposition(read()));
      } catch (error) {
        console.error('metrics:', error);
        response.writeHead(500).end();
      }
    });
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return new MetricsServer(server);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

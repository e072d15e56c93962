import { createServer, type RequestListener, type Server } from 'node:http';

/**
 * Metrics for a collector on the same machine: the containers of a Cloud Run instance share their network interface, and
 * its one public port is another. https://docs.cloud.google.com/run/docs/container-contract#sidecars
 */
export class MetricsServer {
  readonly #server: Server;
  readonly url: string;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** `handler` answers `GET /metrics`. Throws when the port is taken. */
  static async listen(port: number, handler: RequestListener): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      if (request.method === 'GET' && request.url === '/metrics') handler(request, response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new TypeError('a TCP server has a port');
    return new MetricsServer(server, `http://127.0.0.1:${address.port}/metrics`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

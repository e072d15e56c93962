import { createServer, type RequestListener } from 'node:http';

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics` to a collector on this machine: the containers of a Cloud Run instance share a network interface.
 * Throws when the port is taken. https://docs.cloud.google.com/run/docs/container-contract#sidecars
 */
export async function serveMetrics(port: number, handler: RequestListener): Promise<MetricsServer> {
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
  return {
    url: `http://127.0.0.1:${address.port}/metrics`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

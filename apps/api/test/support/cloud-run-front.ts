import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LogEntry } from '@records/monitoring/evaluate';
import { closeAfterAll } from './cleanup.ts';

export interface CloudRunFront {
  readonly url: string;
  /** The request log so far. */
  readonly lines: readonly LogEntry[];
}

/**
 * Google's front end before a service, as far as its request log tells: it forwards every request and writes a line about it, whatever the
 * service logs. `now`: seconds. https://docs.cloud.google.com/run/docs/logging
 */
export async function openCloudRunFront(
  to: string,
  service: string,
  now: () => number,
): Promise<CloudRunFront> {
  const lines: LogEntry[] = [];
  const server = createServer((request, response) => {
    const began = now();
    const { method = '', url = '', headers } = request;
    const forwarded = send(new URL(url, to), { method, headers }, (answer) => {
      const status = answer.statusCode ?? 0;
      lines.push({
        logId: 'run.googleapis.com/requests',
        severity: status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : 'INFO',
        resource: { type: 'cloud_run_revision', labels: { service_name: service } },
        httpRequest: {
          requestMethod: method,
          requestUrl: `https://${service}.run.app${url}`,
          status,
          latency: `${(now() - began).toFixed(9)}s`,
          ...(headers.referer !== undefined && { referer: headers.referer }),
        },
      });
      response.writeHead(status, answer.rawHeaders);
      answer.pipe(response);
    });
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lines };
}

import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface WireAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** One character per byte. */
  readonly body: string;
  json(): Record<string, unknown>;
}

/** Sends a request on a connection of its own: `inject` would bypass what stands before Fastify. */
export function ask(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method, agent: false }, (response) => {
      buffer(response).then((bytes) => {
        const { statusCode = 0, headers } = response;
        const json = () => JSON.parse(bytes.toString());
        resolve({ statusCode, headers, body: bytes.toString('latin1'), json });
      }, reject);
    });
    sent.on('error', reject).end();
  });
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The answers of a revision, by path; other paths answer 404. */
export type Answers = Readonly<Record<string, readonly [status: number, body: unknown]>>;

export interface TagServer extends AsyncDisposable {
  readonly url: string;
  /** Requested paths, each with its token. */
  readonly asked: string[];
}

const RECORD = { id: 'a-1', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' };

/** A revision with the right answers. */
export const RIGHT: Answers = {
  '/health/ready': [200, { status: 'ready' }],
  '/records?limit=1': [200, [RECORD]],
  '/records/a-1': [200, RECORD],
};

/** Serves as a tag's address. Each request calls `answersAt`. */
export async function tagServer(answersAt: () => Answers): Promise<TagServer> {
  const asked: string[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push([url, headers.authorization].filter((part) => part !== undefined).join(' '));
    const [status, body] = answersAt()[url] ?? [404, { title: 'Record not found' }];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

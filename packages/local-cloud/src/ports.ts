import { once } from 'node:events';
import { createServer } from 'node:net';
import { isSystemError } from './system-error.ts';

/** A port of this machine that is free at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new TypeError('a TCP server has an address');
  return address.port;
}

/** Whether a process listens on the port, on any address of this machine. */
export async function isTaken(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    if (await isTakenOn(host, port)) return true;
  }
  return false;
}

function isTakenOn(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (isSystemError(error, 'EADDRINUSE') ? resolve(true) : reject(error)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}

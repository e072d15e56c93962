import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { isSystemError } from './system-error.ts';

/** Below the ports that a system gives to outgoing connections, which could take a port before its server listens. */
const PORTS = { from: 10_240, to: 32_768 } as const;
const ATTEMPTS = 100;

/** A port of this machine on which no process listens at this moment. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (!(await isTaken(port))) return port;
  }
  throw new Error(`no free port from ${PORTS.from} to ${PORTS.to - 1} in ${ATTEMPTS} attempts`);
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

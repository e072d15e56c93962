import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { answerOf } from './client-errors.ts';

export interface DrainingOptions {
  /** Milliseconds. */
  readonly drainMs: number;
  /** Called once, first. */
  onStop(): void;
}

/**
 * Makes `app.close()` keep listening for `drainMs` while every response says `Connection: close`. Clients then leave by themselves,
 * and no connection closes under a request. Then closes each connection that answers nothing: Node takes one that has sent nothing,
 * or half a request, for one in use.
 */
export function drainOnClose(app: FastifyInstance, { drainMs, onStop }: DrainingOptions): void {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let stopping = false;
  app.addHook('preClose', async () => {
    stopping = true;
    onStop();
    if (!app.server.listening) return;
    await setTimeout(drainMs);
    // After the server has stopped listening, and has read the requests that have arrived.
    setImmediate(() => {
      for (const socket of sockets) closeWhenAnswered(socket);
    });
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping) reply.header('connection', 'close');
    done();
  });
}

/** Closes a connection once it answers no request. */
function closeWhenAnswered(socket: Socket): void {
  const answer = answerOf(socket);
  if (!answer) socket.destroy();
  else answer.once('close', () => setImmediate(closeWhenAnswered, socket));
}

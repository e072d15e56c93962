import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

export interface DrainingOptions {
  /** Milliseconds. */
  readonly drainMs: number;
  /** Called once, first. */
  onStop(): void;
}

/**
 * Makes `app.close()` keep listening for `drainMs` while every response says `Connection: close`. Clients then leave by themselves,
 * and no connection closes under a request.
 */
export function drainOnClose(app: FastifyInstance, { drainMs, onStop }: DrainingOptions): void {
  let stopping = false;
  app.addHook('preClose', async () => {
    stopping = true;
    onStop();
    if (app.server.listening) await setTimeout(drainMs);
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping) reply.header('connection', 'close');
    done();
  });
}

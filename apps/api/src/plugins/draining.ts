import { setTimeout } from 'node:timers/promises';
import fastifyPlugin from 'fastify-plugin';

export interface DrainingOptions {
  /** Milliseconds. */
  readonly drainMs: number;
  /** Called first, once. */
  onStop(): void;
}

/**
 * What `app.close()` does before the listening socket goes: for a short time every response says `Connection: close`,
 * so a client that is talking to us moves on by itself instead of meeting a connection that closes under its request.
 */
export const draining = fastifyPlugin<DrainingOptions>(
  async (app, { drainMs, onStop }) => {
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
  },
  { name: 'draining' },
);

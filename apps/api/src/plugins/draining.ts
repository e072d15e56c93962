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
    app.addHook('onResponse', (_request, _reply, done) => {
      // Node closes idle connections when it stops to listen, and not those that become idle after that.
      if (stopping) setImmediate(() => app.server.closeIdleConnections());
      done();
    });
  },
  { name: 'draining' },
);

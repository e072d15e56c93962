import type { FastifyInstance } from 'fastify';

/** Cloud Run kills 10 s after SIGTERM. https://docs.cloud.google.com/run/docs/container-contract#instance-shutdown */
const DEADLINE_MS = 9_500;

/**
 * SIGTERM and SIGINT: answer what is in flight, then exit with 0; with 1 if that takes longer than 9.5 s. A second signal
 * changes nothing: Ctrl-C in a terminal arrives twice when the parent passes it on. An error that nobody caught exits
 * with 1 at once, because nothing is known of the state that it left.
 */
export function exitGracefully(app: FastifyInstance): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    app.log.info(`${signal}: stopping`);
    setTimeout(() => {
      app.log.error(`not stopped within ${DEADLINE_MS} ms`);
      process.exit(1);
    }, DEADLINE_MS).unref();
    await app.close();
    app.log.info('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('uncaughtException', (err) => {
    app.log.fatal({ err }, `uncaught: ${err instanceof Error ? err.message : err}`);
    process.exit(1);
  });
}

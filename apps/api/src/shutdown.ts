import type { FastifyInstance } from 'fastify';

/** Cloud Run sends SIGKILL 10 s after SIGTERM. https://docs.cloud.google.com/run/docs/container-contract#instance-shutdown */
const DEADLINE_MS = 9_500;

/**
 * On SIGTERM or SIGINT, answers the requests in flight and exits with 0, or with 1 after 9.5 s. A second signal is ignored: Ctrl-C
 * arrives twice when the parent process forwards it. An uncaught error exits with 1 immediately.
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

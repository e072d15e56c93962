import { configOrExit } from '@records/runtime';
import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { ApiKeys } from './keys/api-keys.ts';
import { LogOutput } from './log-output.ts';
import { createLogger } from './logger.ts';
import { exitGracefully } from './shutdown.ts';
import { startTelemetry } from './telemetry/telemetry.ts';
import { BigQueryWarehouse } from './warehouse/bigquery-warehouse.ts';

const config = configOrExit(readConfig);
const output = new LogOutput();
const logger = createLogger(config, output);
const service = config.service ?? 'records-api';
const telemetry = await startTelemetry({ ...config, service, log: logger }).catch(exit);
telemetry.metrics.observeDroppedLines(() => output.dropped);
const warehouse = new BigQueryWarehouse({
  ...config,
  log: logger,
  telemetry,
  labels: { service, ...(config.revision && { revision: config.revision }) },
});
const keys = await ApiKeys.start({ file: config.apiKeysFile, log: logger });
const app = await buildApp({ config, warehouse, logger, keys, telemetry });
exitGracefully(app);
try {
  await app.listen({ host: config.host, port: config.port });
  if (config.host === '127.0.0.1') logger.info('only this machine can connect; HOST=0.0.0.0 lets others in');
} catch (err) {
  exit(err, config.port);
}

function exit(err: unknown, port = config.metricsPort): never {
  logger.fatal({ err }, `cannot listen on port ${port}: ${err instanceof Error ? err.message : err}`);
  process.exit(1);
}

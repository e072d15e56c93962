import { configOrExit } from '@records/runtime';
import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { ApiKeys } from './keys/api-keys.ts';
import { createLogger } from './logger.ts';
import { exitGracefully } from './shutdown.ts';
import { startTelemetry } from './telemetry/telemetry.ts';
import { BigQueryWarehouse } from './warehouse/bigquery-warehouse.ts';

const config = configOrExit(readConfig);
const logger = createLogger(config);
const service = config.service ?? 'records-api';
const telemetry = await startTelemetry({ ...config, service, log: logger }).catch(exit);
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
  await app.listen({ host: '0.0.0.0', port: config.port });
} catch (err) {
  exit(err, config.port);
}

function exit(err: unknown, port = config.metricsPort): never {
  logger.fatal({ err }, `cannot listen on port ${port}: ${err instanceof Error ? err.message : err}`);
  process.exit(1);
}

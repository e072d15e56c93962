import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { ApiKeys } from '../../src/keys/api-keys.ts';
import { createLogger } from '../../src/logger.ts';
import { BigQueryWarehouse, type BigQueryWarehouseOptions } from '../../src/warehouse/bigquery-warehouse.ts';
import { closeAfterAll } from './cleanup.ts';

export const environment = {
  GOOGLE_CLOUD_PROJECT: 'records-test',
  BIGQUERY_LOCATION: 'southamerica-west1',
  RECORDS_TABLE: 'records-test.records.records',
  AMENDMENTS_TABLE: 'records-test.records.amendments',
  SCRATCH_DATASET: 'records-test.scratch',
  // Tests of the budget set their own.
  LIST_GIB_PER_MONTH: '1000000',
  // Tests of the limit set their own.
  ANONYMOUS_REQUESTS_PER_MINUTE: '1000000',
  METADATA_SERVER_DETECTION: 'none',
};

export interface TestApi {
  readonly app: FastifyInstance;
  /** The parsed log lines. */
  readonly lines: readonly Record<string, unknown>[];
}

export interface TestApiOptions
  extends Partial<
    Pick<
      BigQueryWarehouseOptions,
      | 'policy'
      | 'telemetry'
      | 'timing'
      | 'freshnessSeconds'
      | 'blockCacheBytes'
      | 'partRows'
      | 'maxIndexedRows'
    >
  > {
  /** For BIGQUERY_EMULATOR_HOST. */
  readonly bigQueryUrl: string;
  /** Whether the API reads the table of amendments: most tests have none. */
  readonly isAmended?: boolean;
  readonly logLevel?: string;
  readonly table?: string;
  readonly requestTimeoutMs?: number;
  readonly drainMs?: number;
  readonly stallMs?: number;
  readonly answerMs?: number;
  /** Variables besides those of `environment`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly now?: () => number;
  /** Interval between reads of API_KEYS_FILE. Milliseconds. */
  readonly lookMs?: number;
}

/** The API as `main.ts` assembles it, with the real client, in this process. Closed after the test file. */
export async function buildTestApi({
  bigQueryUrl,
  logLevel = 'trace',
  isAmended = false,
  table = environment.RECORDS_TABLE,
  requestTimeoutMs,
  stallMs,
  answerMs,
  drainMs = 0,
  variables = {},
  now,
  lookMs,
  ...warehouseOptions
}: TestApiOptions): Promise<TestApi> {
  Object.assign(process.env, { ...environment, BIGQUERY_EMULATOR_HOST: bigQueryUrl });
  const config = readConfig({ ...environment, RECORDS_TABLE: table, LOG_LEVEL: logLevel, ...variables });
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(config, { write: (line) => void lines.push(JSON.parse(line)) });
  const warehouse = new BigQueryWarehouse({
    ...{ ...config, amendments: undefined },
    ...(isAmended && { amendments: config.amendments }),
    labels: { service: 'records-api' },
    log: logger,
    ...warehouseOptions,
  });
  const app = await buildApp({
    config,
    warehouse,
    logger,
    keys: await ApiKeys.start({ file: config.apiKeysFile, log: logger, ...(lookMs && { lookMs }) }),
    // A test run may delay the event loop.
    maxEventLoopDelayMs: Number.POSITIVE_INFINITY,
    ...(now && { now }),
    ...(warehouseOptions.telemetry && { telemetry: warehouseOptions.telemetry }),
    drainMs,
    ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    ...(stallMs !== undefined && { stallMs }),
    ...(answerMs !== undefined && { answerMs }),
  });
  closeAfterAll(() => app.close());
  return { app, lines };
}

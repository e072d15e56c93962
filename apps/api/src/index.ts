export { ConfigError } from '@records/runtime';
export { type AppOptions, buildApp } from './app.ts';
export { type Config, readConfig } from './config.ts';
export { createLogger } from './logger.ts';
export { BigQueryWarehouse, type BigQueryWarehouseOptions } from './warehouse/bigquery-warehouse.ts';
export { WarehouseError, type WarehouseErrorKind } from './warehouse/errors.ts';
export type {
  Freshness,
  JsonBytes,
  PageRange,
  RecordAnswer,
  RecordList,
  Warehouse,
} from './warehouse/warehouse.ts';

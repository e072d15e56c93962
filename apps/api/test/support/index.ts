// For other packages: the API in this process, with a BigQuery that can be made to fail.
export { readConfig } from '../../src/config.ts';
export type { Timing } from '../../src/warehouse/timing.ts';
export { buildTestApi } from './api.ts';
export { type Fault, googleError } from './bigquery-front.ts';
export { closeAll } from './cleanup.ts';
export { patternsOf } from './patterns.ts';
export { openTestTable } from './table.ts';

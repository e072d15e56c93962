// For other packages: the API in this process, with a BigQuery that can be made to fail, and what its lists cost.
export { readConfig } from '../../src/config.ts';
export { extraOf, standingMs } from '../../src/warehouse/lists/list-names.ts';
export { Pace } from '../../src/warehouse/lists/pace.ts';
export { deltaBytes } from '../../src/warehouse/lists/table-state.ts';
export { MAX_DELTA_ROWS } from '../../src/warehouse/queries.ts';
export type { Timing } from '../../src/warehouse/timing.ts';
export { buildTestApi } from './api.ts';
export { type Fault, googleError } from './bigquery-front.ts';
export { closeAll } from './cleanup.ts';
export { patternsOf } from './patterns.ts';
export { openTestTable } from './table.ts';

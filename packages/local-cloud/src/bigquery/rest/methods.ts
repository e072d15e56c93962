import { DATASET_METHODS } from './datasets.ts';
import { JOB_METHODS } from './jobs.ts';
import type { Method } from './method.ts';
import { MODEL_METHODS } from './models.ts';
import { PROJECT_METHODS } from './projects.ts';
import { ROUTINE_METHODS } from './routines.ts';
import { ROW_ACCESS_POLICY_METHODS } from './row-access-policies.ts';
import { TABLE_DATA_METHODS } from './table-data.ts';
import { TABLE_POLICY_METHODS } from './table-policies.ts';
import { TABLE_METHODS } from './tables.ts';

/** The methods of the REST API, as Google declares them. https://docs.cloud.google.com/bigquery/docs/reference/rest */
export const METHODS: readonly Method[] = [
  ...PROJECT_METHODS,
  ...DATASET_METHODS,
  ...TABLE_METHODS,
  ...TABLE_POLICY_METHODS,
  ...TABLE_DATA_METHODS,
  ...JOB_METHODS,
  ...MODEL_METHODS,
  ...ROUTINE_METHODS,
  ...ROW_ACCESS_POLICY_METHODS,
];

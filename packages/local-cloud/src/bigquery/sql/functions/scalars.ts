import { BUCKET_FUNCTIONS } from './buckets.ts';
import { GENERAL_FUNCTIONS } from './general.ts';
import { HASH_FUNCTIONS } from './hashes.ts';
import { INTERVAL_FUNCTIONS } from './interval.ts';
import { JSON_FUNCTIONS } from './json.ts';
import { NET_FUNCTIONS } from './net.ts';
import { NUMERIC_FUNCTIONS } from './numeric.ts';
import { RANGE_FUNCTIONS } from './ranges.ts';
import type { FunctionTable } from './table.ts';
import { TEXT_FUNCTIONS } from './text.ts';
import { TIME_FUNCTIONS } from './time.ts';

/** Functions whose translation gives BigQuery's result. Every other function is refused by name. */
export const SCALAR_FUNCTIONS: FunctionTable = {
  ...TEXT_FUNCTIONS,
  ...HASH_FUNCTIONS,
  ...NET_FUNCTIONS,
  ...NUMERIC_FUNCTIONS,
  ...GENERAL_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...INTERVAL_FUNCTIONS,
  ...BUCKET_FUNCTIONS,
  ...RANGE_FUNCTIONS,
};

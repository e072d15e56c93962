import { type FunctionTable, overload, same } from './overload.ts';

/** Numbering and navigation functions, which need OVER. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/window-functions */
export const WINDOW_FUNCTIONS: FunctionTable = {
  ROW_NUMBER: [overload('-> INT64', same('row_number'))],
  RANK: [overload('-> INT64', same('rank'))],
  DENSE_RANK: [overload('-> INT64', same('dense_rank'))],
  PERCENT_RANK: [overload('-> FLOAT64', same('percent_rank'))],
  CUME_DIST: [overload('-> FLOAT64', same('cume_dist'))],
  NTILE: [overload('INT64 -> INT64', same('ntile'))],
  LAG: [overload('T, INT64?, T? -> T', same('lag'))],
  LEAD: [overload('T, INT64?, T? -> T', same('lead'))],
  FIRST_VALUE: [overload('T -> T', same('first_value'))],
  LAST_VALUE: [overload('T -> T', same('last_value'))],
  NTH_VALUE: [overload('T, INT64 -> T', same('nth_value'))],
};

/** Functions that accept IGNORE NULLS and a frame. */
export const VALUE_FUNCTIONS = ['FIRST_VALUE', 'LAST_VALUE', 'NTH_VALUE'];

/** Functions that require ORDER BY. */
export const ORDER_REQUIRED = Object.keys(WINDOW_FUNCTIONS).filter((name) => name !== 'ROW_NUMBER');

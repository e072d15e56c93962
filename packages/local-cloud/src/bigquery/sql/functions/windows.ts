import { invalidQuery } from '../../errors.ts';
import { type Emit, type FunctionTable, overload, same } from './overload.ts';

/** LAG and LEAD. DuckDB takes a negative offset for one in the other direction. */
const neighbour =
  (name: string): Emit =>
  (args, [, offset]) => {
    const rows = offset?.constant;
    if (offset && (typeof rows !== 'bigint' || rows < 0n)) {
      throw invalidQuery(
        `The offset to the function ${name} must be a constant that is not NULL and not negative`,
        offset.at,
      );
    }
    return `${name}(${args.join(', ')})`;
  };

/** Numbering and navigation functions, which need OVER. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/window-functions */
export const WINDOW_FUNCTIONS: FunctionTable = {
  ROW_NUMBER: [overload('-> INT64', same('row_number'))],
  RANK: [overload('-> INT64', same('rank'))],
  DENSE_RANK: [overload('-> INT64', same('dense_rank'))],
  PERCENT_RANK: [overload('-> FLOAT64', same('percent_rank'))],
  CUME_DIST: [overload('-> FLOAT64', same('cume_dist'))],
  NTILE: [overload('INT64 -> INT64', same('ntile'))],
  LAG: [overload('T, INT64?, T? -> T', neighbour('LAG'))],
  LEAD: [overload('T, INT64?, T? -> T', neighbour('LEAD'))],
  FIRST_VALUE: [overload('T -> T', same('first_value'))],
  LAST_VALUE: [overload('T -> T', same('last_value'))],
  NTH_VALUE: [overload('T, INT64 -> T', same('nth_value'))],
};

/** Functions that accept IGNORE NULLS and a frame. */
export const VALUE_FUNCTIONS = ['FIRST_VALUE', 'LAST_VALUE', 'NTH_VALUE'];

/** Functions that require ORDER BY. */
export const ORDER_REQUIRED = Object.keys(WINDOW_FUNCTIONS).filter((name) => name !== 'ROW_NUMBER');

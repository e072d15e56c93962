import { invalidQuery } from '../../errors.ts';
import { failure } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { type Emit, type FunctionTable, overload, same } from './table.ts';

/** An argument that has to be a literal or parameter. DuckDB takes any, and a negative offset for the other direction. */
const constantArgument = (name: string, index: number, least: bigint): Emit => {
  return (args, resolved) => {
    const argument = resolved[index];
    const value = argument?.constant;
    if (argument && (typeof value !== 'bigint' || value < least))
      throw invalidQuery(
        `Argument ${index + 1} to ${name} must be a literal or query parameter that is not NULL and at least ${least}`,
        argument.at,
      );
    return `${name}(${args.join(', ')})`;
  };
};

/** LAG and LEAD. Their third argument is the same for all rows. */
const neighbour = (name: string): Emit => {
  const call = constantArgument(name, 1, 0n);
  return (args, resolved, bindings) => {
    const otherwise = resolved[2];
    if (otherwise && (otherwise.references.length > 0 || otherwise.columns.size > 0 || isSubquery(otherwise)))
      throw invalidQuery(
        `The third argument (the default expression) to ${name} must be constant`,
        otherwise.at,
      );
    const offset = resolved[1]?.constant;
    if (typeof offset !== 'bigint' || offset >= 0n) return call(args, resolved, bindings);
    // It fails only where there are rows.
    const error = failure(`The offset to the function ${name} must not be negative`);
    return `${name}(${args.with(1, `CAST(${error} AS BIGINT)`).join(', ')})`;
  };
};

const isSubquery = ({ sql }: Resolved) => sql.includes('SELECT ');

const edge =
  (name: string): Emit =>
  ([value = ''], [argument]) => {
    if (argument?.coercible === 'NULL')
      throw invalidQuery(`The argument to ${name.toUpperCase()} must be non-NULL`, argument.at);
    return `${name}(${value})`;
  };

/** A percentile of a partition. NULLs are ignored. */
const percentile =
  (name: string): Emit =>
  ([value], [, fraction]) => {
    const at = fraction?.constant;
    if (typeof at !== 'number' || at < 0 || at > 1)
      throw invalidQuery(
        'The second argument of a percentile must be a literal between 0 and 1',
        fraction?.at,
      );
    return `${name}(${value}, ${at})`;
  };

/** Numbering and navigation functions, which need OVER. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/window-functions */
export const WINDOW_FUNCTIONS: FunctionTable = {
  ROW_NUMBER: overload('-> INT64', same('row_number')),
  RANK: overload('-> INT64', same('rank')),
  DENSE_RANK: overload('-> INT64', same('dense_rank')),
  PERCENT_RANK: overload('-> FLOAT64', same('percent_rank')),
  CUME_DIST: overload('-> FLOAT64', same('cume_dist')),
  NTILE: overload('INT64 -> INT64', constantArgument('NTILE', 0, 1n)),
  LAG: overload('T, INT64?, T? -> T', neighbour('LAG')),
  LEAD: overload('T, INT64?, T? -> T', neighbour('LEAD')),
  FIRST_VALUE: overload('T -> T', edge('first_value')),
  LAST_VALUE: overload('T -> T', edge('last_value')),
  PERCENTILE_CONT: overload('FLOAT64, FLOAT64 -> FLOAT64', percentile('quantile_cont')),
  PERCENTILE_DISC: overload('T, FLOAT64 -> T', percentile('quantile_disc')),
  NTH_VALUE: overload('T, INT64 -> T', constantArgument('NTH_VALUE', 1, 1n)),
};

/** Functions that accept IGNORE NULLS and a frame. */
export const VALUE_FUNCTIONS = ['FIRST_VALUE', 'LAST_VALUE', 'NTH_VALUE'];

/** Functions that refuse ORDER BY. */
export const WITHOUT_ORDER = ['PERCENTILE_CONT', 'PERCENTILE_DISC'];

/** Functions that require ORDER BY. */
export const ORDER_REQUIRED = Object.keys(WINDOW_FUNCTIONS).filter(
  (name) => name !== 'ROW_NUMBER' && !WITHOUT_ORDER.includes(name),
);

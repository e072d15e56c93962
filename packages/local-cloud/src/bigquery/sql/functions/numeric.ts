import { failure, letIn } from '../let.ts';
import { type FunctionTable, overload, same } from './overload.ts';

const rounding = (name: string) => [overload('FLOAT64 -> FLOAT64', same(name))];

const extreme = (operator: '>' | '<') => [
  overload('INT64... -> INT64', (args) => extremeSql(operator, args)),
  overload('NUMERIC... -> NUMERIC', (args) => extremeSql(operator, args)),
  overload('STRING... -> STRING', (args) => extremeSql(operator, args)),
  overload('DATE... -> DATE', (args) => extremeSql(operator, args)),
  overload('DATETIME... -> DATETIME', (args) => extremeSql(operator, args)),
  overload('TIMESTAMP... -> TIMESTAMP', (args) => extremeSql(operator, args)),
];

/** BigQuery returns NULL when any argument is NULL; DuckDB ignores NULLs. */
function extremeSql(operator: '>' | '<', args: readonly string[]): string {
  const name = operator === '>' ? 'greatest' : 'least';
  return letIn(args, (...names) => {
    const anyNull = names.map((value) => `${value} IS NULL`).join(' OR ');
    return `CASE WHEN ${anyNull} THEN NULL ELSE ${name}(${names.join(', ')}) END`;
  });
}

const divided = (name: string, sql: (a: string, b: string) => string) => [
  overload('INT64, INT64 -> INT64', ([x = '', y = '']) =>
    letIn(
      [x, y],
      (a, b) =>
        `CASE WHEN ${b} = 0 THEN ${failure(`division by zero: ${name}(`, `${a} || ', 0)'`)} ELSE ${sql(a, b)} END`,
    ),
  ),
];

/** BigQuery fails when finite arguments give an infinite result. */
const finite = (call: string, args: readonly string[], domain?: (...names: string[]) => string) =>
  letIn(args, (...names) => {
    const value = `${call}(${names.join(', ')})`;
    const error = failure('Floating point error in function: ', `'${call.toUpperCase()}'`);
    const outside = domain ? `WHEN ${domain(...names)} THEN ${error} ` : '';
    const allFinite = names.map((name) => `isfinite(${name})`).join(' AND ');
    return `CASE ${outside}WHEN ${allFinite} AND NOT isfinite(${value}) THEN ${error} ELSE ${value} END`;
  });

/** Mathematical functions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions */
export const NUMERIC_FUNCTIONS: FunctionTable = {
  ABS: [
    overload('INT64 -> INT64', same('abs')),
    overload('NUMERIC -> NUMERIC', same('abs')),
    overload('FLOAT64 -> FLOAT64', same('abs')),
  ],
  SIGN: [
    overload('INT64 -> INT64', ([x]) => `CAST(sign(${x}) AS BIGINT)`),
    overload('FLOAT64 -> FLOAT64', ([x = '']) =>
      letIn([x], (v) => `CASE WHEN isnan(${v}) THEN ${v} ELSE CAST(sign(${v}) AS DOUBLE) END`),
    ),
  ],
  ROUND: [overload('FLOAT64 -> FLOAT64', same('round'))],
  TRUNC: rounding('trunc'),
  CEIL: rounding('ceil'),
  CEILING: rounding('ceil'),
  FLOOR: rounding('floor'),
  MOD: divided('MOD', (a, b) => `${a} % ${b}`),
  DIV: divided('DIV', (a, b) => `${a} // ${b}`),
  SAFE_DIVIDE: [
    overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) =>
      letIn([x, y], (a, b) => {
        const overflow = `isinf(${a} / ${b}) AND isfinite(${a}) AND isfinite(${b})`;
        return `CASE WHEN ${b} = 0 THEN NULL WHEN ${overflow} THEN NULL ELSE ${a} / ${b} END`;
      }),
    ),
  ],
  SQRT: [overload('FLOAT64 -> FLOAT64', ([x = '']) => finite('sqrt', [x], (v) => `${v} < 0`))],
  EXP: [overload('FLOAT64 -> FLOAT64', ([x = '']) => finite('exp', [x]))],
  LN: [overload('FLOAT64 -> FLOAT64', ([x = '']) => finite('ln', [x], (v) => `${v} <= 0`))],
  LOG10: [overload('FLOAT64 -> FLOAT64', ([x = '']) => finite('log10', [x], (v) => `${v} <= 0`))],
  POW: [overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) => finite('pow', [x, y]))],
  POWER: [overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) => finite('pow', [x, y]))],
  IS_NAN: [overload('FLOAT64 -> BOOL', same('isnan'))],
  IS_INF: [overload('FLOAT64 -> BOOL', same('isinf'))],
  GREATEST: extreme('>'),
  LEAST: extreme('<'),
  RAND: [overload('-> FLOAT64', () => 'random()')],
};

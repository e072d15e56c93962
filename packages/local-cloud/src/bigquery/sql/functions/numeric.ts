import { unsupported } from '../../errors.ts';
import { failure, isolated, letIn } from '../let.ts';
import { computed, FunctionError } from './computed.ts';
import { type FunctionTable, overload, same } from './overload.ts';
import { roundTo, truncateTo } from './rounding.ts';

const rounding = (name: string) => [overload('FLOAT64 -> FLOAT64', same(name))];

/** With digits after the point, or before it when negative; computed in decimal, since 1.005 * 100 is 100.49999999999999. */
const toDigits = (name: 'round' | 'trunc', compute: (value: number, digits: number) => number) =>
  computed(name, 'FLOAT64, INT64 -> FLOAT64', (value, digits) => {
    const result = compute(value, Number(digits));
    if (!Number.isFinite(result) && Number.isFinite(value))
      throw new FunctionError(`Floating point overflow in function: ROUND(${value}, ${digits})`);
    return result;
  });

const COMPARABLE = ['INT64', 'NUMERIC', 'STRING', 'DATE', 'DATETIME', 'TIMESTAMP'];

const extreme = (operator: '>' | '<') => [
  overload('T... -> T', (args, [first]) => {
    const kind = first?.type.kind ?? '';
    if (kind === 'FLOAT64') return extremeFloatSql(operator, args);
    if (COMPARABLE.includes(kind)) return extremeSql(operator, args);
    throw unsupported(`${operator === '>' ? 'GREATEST' : 'LEAST'} of ${kind}`, first?.at);
  }),
];

/** BigQuery returns NULL when any argument is NULL; DuckDB ignores NULLs. */
function extremeSql(operator: '>' | '<', args: readonly string[]): string {
  const name = operator === '>' ? 'greatest' : 'least';
  return letIn(args, (...names) => {
    const anyNull = names.map((value) => `${value} IS NULL`).join(' OR ');
    return `CASE WHEN ${anyNull} THEN NULL ELSE ${name}(${names.join(', ')}) END`;
  });
}

/** NaN wins in BigQuery, whatever the direction; in DuckDB it is the greatest number. */
function extremeFloatSql(operator: '>' | '<', args: readonly string[]): string {
  const name = operator === '>' ? 'greatest' : 'least';
  return letIn(args, (...names) => {
    const any = (test: (value: string) => string) => names.map(test).join(' OR ');
    return (
      `CASE WHEN ${any((value) => `${value} IS NULL`)} THEN NULL ` +
      `WHEN ${any((value) => `isnan(${value})`)} THEN CAST('nan' AS DOUBLE) ELSE ${name}(${names.join(', ')}) END`
    );
  });
}

/** The result, or NULL where the plain operator fails. */
const safe = (operator: string) => [
  overload('INT64, INT64 -> INT64', ([x = '', y = '']) =>
    isolated([x, y], (a, b) => `TRY(${a} ${operator} ${b})`),
  ),
  overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) =>
    letIn([x, y], (a, b) => {
      const value = `${a} ${operator} ${b}`;
      return `CASE WHEN isfinite(${a}) AND isfinite(${b}) AND NOT isfinite(${value}) THEN NULL ELSE ${value} END`;
    }),
  ),
];

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

const circular = (name: string) => [
  overload('FLOAT64 -> FLOAT64', ([x = '']) =>
    letIn([x], (v) => `CASE WHEN isfinite(${v}) THEN ${name}(${v}) ELSE CAST('nan' AS DOUBLE) END`),
  ),
];

function ieeeDivide(x: string, y: string): string {
  return letIn([x, y], (a, b) => {
    const byZero = `CASE WHEN ${a} = 0 OR isnan(${a}) THEN CAST('nan' AS DOUBLE) WHEN (${a} > 0) = (1 / ${b} > 0) THEN CAST('inf' AS DOUBLE) ELSE CAST('-inf' AS DOUBLE) END`;
    return `CASE WHEN ${b} = 0 THEN ${byZero} ELSE ${a} / ${b} END`;
  });
}

function logarithm(x: string, y: string): string {
  const error = failure('Floating point error in function: LOG');
  return letIn(
    [x, y],
    (a, b) =>
      `CASE WHEN ${a} <= 0 OR ${b} <= 0 OR ${b} = 1 THEN ${error} WHEN isinf(${b}) THEN CAST('nan' AS DOUBLE) ELSE ln(${a}) / ln(${b}) END`,
  );
}

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
  ROUND: [...rounding('round'), toDigits('round', roundTo)],
  TRUNC: [...rounding('trunc'), toDigits('trunc', truncateTo)],
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
  IEEE_DIVIDE: [overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) => ieeeDivide(x, y))],
  SAFE_ADD: safe('+'),
  SAFE_SUBTRACT: safe('-'),
  SAFE_MULTIPLY: safe('*'),
  SAFE_NEGATE: [
    overload('INT64 -> INT64', ([x = '']) => isolated([x], (v) => `TRY(-${v})`)),
    overload('FLOAT64 -> FLOAT64', ([x]) => `(-${x})`),
  ],
  BIT_COUNT: [overload('INT64 -> INT64', ([x]) => `CAST(bit_count(${x}) AS BIGINT)`)],
  SIN: circular('sin'),
  COS: circular('cos'),
  TAN: circular('tan'),
  ATAN: [overload('FLOAT64 -> FLOAT64', same('atan'))],
  ATAN2: [overload('FLOAT64, FLOAT64 -> FLOAT64', same('atan2'))],
  ACOS: [overload('FLOAT64 -> FLOAT64', ([x = '']) => finite('acos', [x], (v) => `abs(${v}) > 1`))],
  ASIN: [overload('FLOAT64 -> FLOAT64', ([x = '']) => finite('asin', [x], (v) => `abs(${v}) > 1`))],
  CBRT: [overload('FLOAT64 -> FLOAT64', same('cbrt'))],
  LOG: [
    overload('FLOAT64 -> FLOAT64', ([x = '']) => finite('ln', [x], (v) => `${v} <= 0`)),
    overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) => logarithm(x, y)),
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

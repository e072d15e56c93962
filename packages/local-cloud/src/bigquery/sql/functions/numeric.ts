import { invalidQuery, unsupported } from '../../errors.ts';
import { scalar, typeName } from '../../types.ts';
import { failure, isolated, letIn, strict } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { BIT_COUNT_OF_BYTES } from './bits.ts';
import { computed, defined, FunctionError } from './computed.ts';
import { DECIMAL_FUNCTIONS } from './decimals.ts';
import { floatText, roundTo, truncateTo } from './exact-decimal.ts';
import { READERS } from './numbers-of-text.ts';
import { type FunctionTable, ORDERED, overload, same } from './table.ts';

const rounding = (name: string) => [overload('FLOAT64 -> FLOAT64', same(name))];

/** With digits after the point, or before it when negative; computed in decimal, since 1.005 * 100 is 100.49999999999999. */
const toDigits = (name: 'round' | 'trunc', compute: (value: number, digits: number) => number) =>
  computed(name, 'FLOAT64, INT64 -> FLOAT64', (value, digits) => {
    const result = compute(value, Number(digits));
    if (!Number.isFinite(result) && Number.isFinite(value))
      throw new FunctionError(`Floating point overflow in function: ROUND(${value}, ${digits})`);
    return result;
  });

/** BigQuery returns NULL when any argument is NULL; DuckDB ignores NULLs. NaN wins in BigQuery, in DuckDB it is the greatest. */
const extreme = (operator: '>' | '<') => [
  overload('T... -> T', (args, [first]) => {
    const kind = first?.type.kind ?? '';
    const name = operator === '>' ? 'greatest' : 'least';
    if (kind !== 'FLOAT64' && !ORDERED.includes(kind))
      throw invalidQuery(`${name.toUpperCase()} is not defined for arguments of type ${kind}`, first?.at);
    return letIn(args, (...names) => {
      const any = (test: (value: string) => string) => names.map(test).join(' OR ');
      const nan = kind === 'FLOAT64' && any((value) => `isnan(${value})`);
      // There DuckDB compares months with months before it counts days.
      const found =
        kind === 'INTERVAL'
          ? `list_reduce([${names.join(', ')}], lambda x, y: CASE WHEN y ${operator} x THEN y ELSE x END)`
          : `${name}(${names.join(', ')})`;
      return `CASE WHEN ${any((value) => `${value} IS NULL`)} THEN NULL ${nan ? `WHEN ${nan} THEN CAST('nan' AS DOUBLE) ` : ''}ELSE ${found} END`;
    });
  }),
];

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

/** BigQuery fails when finite arguments give a result that is not finite. */
function finite(name: string, args: readonly number[], result: number): number {
  if (Number.isFinite(result) || !args.every(Number.isFinite)) return result;
  throw new FunctionError(`Floating point error in function: ${name}(${args.map(floatText).join(', ')})`);
}

const real = (name: string, compute: (value: number) => number) =>
  computed(name.toLowerCase(), 'FLOAT64 -> FLOAT64', (value) => finite(name, [value], compute(value)));

/** JavaScript has NaN where the base is 1 or -1 and the exponent is not finite. */
function power(base: number, exponent: number): number {
  const isOne = base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY);
  return isOne ? 1 : finite('POW', [base, exponent], base ** exponent);
}

function logarithm(value: number, base: number): number {
  const areFinite = Number.isFinite(value) && Number.isFinite(base);
  if (areFinite && (value <= 0 || base <= 0 || base === 1)) return finite('LOG', [value, base], Number.NaN);
  if (!areFinite && (Math.abs(base) === Number.POSITIVE_INFINITY || base <= 0)) return Number.NaN;
  return Math.log(value) / Math.log(base);
}

/** The square root of -inf is an error, too. */
function squareRoot(value: number): number {
  if (value < 0) throw new FunctionError(`Argument to SQRT cannot be negative: ${floatText(value)}`);
  return Math.sqrt(value);
}

const POWER = [computed('pow', 'FLOAT64, FLOAT64 -> FLOAT64', power)];

function ieeeDivide(x: string, y: string): string {
  return strict([x, y], (a, b) => {
    const byZero = `CASE WHEN ${a} = 0 OR isnan(${a}) THEN CAST('nan' AS DOUBLE) WHEN (${a} > 0) = (1 / ${b} > 0) THEN CAST('inf' AS DOUBLE) ELSE CAST('-inf' AS DOUBLE) END`;
    return `CASE WHEN ${b} = 0 THEN ${byZero} ELSE ${a} / ${b} END`;
  });
}

/** The number of bounds up to a point. */
function rangeBucket([point = '', bounds = '']: readonly string[], [of, all]: readonly Resolved[]): string {
  if (all?.coercible === 'NULL')
    throw invalidQuery('Second argument of RANGE_BUCKET must be an array but was INT64', all.at);
  for (const [type, which] of [
    [of?.type, 'First'],
    [all?.type.kind === 'ARRAY' ? all.type.element : undefined, 'Second'],
  ] as const)
    if (type && ['JSON', 'STRUCT', 'ARRAY'].includes(type.kind))
      throw invalidQuery(`${which} argument of RANGE_BUCKET of type ${typeName(type)} has no order`, of?.at);
  if (of?.type.kind === 'FLOAT64') return floatBucket([point, bounds]);
  const error = failure('Elements in input array to RANGE_BUCKET must be in ascending order.');
  return strict([point, bounds], (p, all) => {
    const isOrdered = `len(list_filter(${all}, lambda e: e IS NULL)) = 0 AND list_sort(${all}) = ${all}`;
    return `CASE WHEN NOT (${isOrdered}) THEN ${error} ELSE CAST(len(list_filter(${all}, lambda e: e <= ${p})) AS BIGINT) END`;
  });
}

const floatBucket = defined('range_bucket', 'FLOAT64, ARRAY<FLOAT64> -> INT64', (point, bounds) => {
  if (Number.isNaN(point)) return null;
  const isOrdered = bounds.every((bound, index) => {
    const before = index === 0 ? Number.NEGATIVE_INFINITY : (bounds[index - 1] ?? Number.NaN);
    return bound !== null && before <= bound;
  });
  if (!isOrdered)
    throw new FunctionError('Elements in input array to RANGE_BUCKET must be in ascending order.');
  return BigInt(bounds.filter((bound) => bound !== null && bound <= point).length);
});

/** Signs may follow, and commas and spaces are skipped. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#parse_numeric */
const PARSED_NUMBER = /^\s*([+-]?)\s*([\d,]*)(?:\.(\d*))?(?:e([+-]?\d{1,9}))?\s*([+-]?)\s*$/i;

const parsed = (kind: 'NUMERIC' | 'BIGNUMERIC') =>
  overload(`STRING -> ${kind}`, ([text = '']) =>
    letIn([normalizedNumber([text])], (number) => {
      const error = failure(`Invalid input to PARSE_${kind}: `, `'"' || ${text} || '"'`);
      return `CASE WHEN ${text} IS NOT NULL THEN coalesce(${READERS[kind]?.([number])}, ${error}) END`;
    }),
  );

const normalizedNumber = defined('normalized_number', 'STRING -> STRING', (text) => {
  const [, before = '', whole = '', fraction = '', power, after = ''] = PARSED_NUMBER.exec(text) ?? [];
  const digits = whole.replaceAll(',', '');
  if (digits + fraction === '' || (before !== '' && after !== '')) return 'none';
  return `${before || after}${digits}.${fraction}${power === undefined ? '' : `e${power}`}`;
});

type Vector = readonly (number | null)[];

/** Sparse vectors, of STRUCTs, are refused. */
const distance = (name: string, compute: (pairs: readonly (readonly [number, number])[]) => number) => [
  computed(name.toLowerCase(), 'ARRAY<FLOAT64>, ARRAY<FLOAT64> -> FLOAT64', (a: Vector, b: Vector) => {
    if (a.length !== b.length)
      throw new FunctionError(
        `Array arguments to ${name} must have equal length: ${a.length} and ${b.length}`,
      );
    return compute(
      a.map((x, index) => {
        const y = b[index] ?? null;
        if (x === null || y === null)
          throw new FunctionError(`Cannot compute ${name} with NULL elements in arrays`);
        return [x, y] as const;
      }),
    );
  }),
  overload('ANY, ANY -> FLOAT64', (_, [vector]) => {
    throw unsupported(`${name} of ${typeName(vector?.type ?? scalar('FLOAT64'))}`, vector?.at);
  }),
];

const sum = (pairs: readonly (readonly [number, number])[], of: (x: number, y: number) => number) =>
  pairs.reduce((all, [x, y]) => all + of(x, y), 0);

function cosineDistance(pairs: readonly (readonly [number, number])[]): number {
  const [a, b] = [Math.sqrt(sum(pairs, (x) => x * x)), Math.sqrt(sum(pairs, (_, y) => y * y))];
  if (a === 0 || b === 0) throw new FunctionError('Cannot compute COSINE_DISTANCE of a zero-length vector');
  return 1 - sum(pairs, (x, y) => x * y) / (a * b);
}

const CEILING = [...rounding('ceil'), ...DECIMAL_FUNCTIONS.CEIL];

/** Mathematical functions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions */
export const NUMERIC_FUNCTIONS: FunctionTable = {
  ABS: [
    overload('INT64 -> INT64', same('abs')),
    ...DECIMAL_FUNCTIONS.ABS,
    overload('FLOAT64 -> FLOAT64', same('abs')),
  ],
  SIGN: [
    ...DECIMAL_FUNCTIONS.SIGN,
    overload('INT64 -> INT64', ([x]) => `CAST(sign(${x}) AS BIGINT)`),
    overload('FLOAT64 -> FLOAT64', ([x = '']) =>
      letIn([x], (v) => `CASE WHEN isnan(${v}) THEN ${v} ELSE CAST(sign(${v}) AS DOUBLE) END`),
    ),
  ],
  // An INT64 becomes a FLOAT64 here.
  ROUND: [...rounding('round'), toDigits('round', roundTo), ...DECIMAL_FUNCTIONS.ROUND],
  TRUNC: [...rounding('trunc'), toDigits('trunc', truncateTo), ...DECIMAL_FUNCTIONS.TRUNC],
  CEIL: CEILING,
  CEILING,
  FLOOR: [...rounding('floor'), ...DECIMAL_FUNCTIONS.FLOOR],
  MOD: [...divided('MOD', (a, b) => `${a} % ${b}`), ...DECIMAL_FUNCTIONS.MOD],
  DIV: [...divided('DIV', (a, b) => `${a} // ${b}`), ...DECIMAL_FUNCTIONS.DIV],
  SAFE_DIVIDE: [
    overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) =>
      letIn([x, y], (a, b) => {
        const overflow = `isinf(${a} / ${b}) AND isfinite(${a}) AND isfinite(${b})`;
        return `CASE WHEN ${b} = 0 THEN NULL WHEN ${overflow} THEN NULL ELSE ${a} / ${b} END`;
      }),
    ),
    ...DECIMAL_FUNCTIONS.SAFE_DIVIDE,
  ],
  IEEE_DIVIDE: overload('FLOAT64, FLOAT64 -> FLOAT64', ([x = '', y = '']) => ieeeDivide(x, y)),
  SAFE_ADD: [...safe('+'), ...DECIMAL_FUNCTIONS.SAFE_ADD],
  SAFE_SUBTRACT: [...safe('-'), ...DECIMAL_FUNCTIONS.SAFE_SUBTRACT],
  SAFE_MULTIPLY: [...safe('*'), ...DECIMAL_FUNCTIONS.SAFE_MULTIPLY],
  SAFE_NEGATE: [
    overload('INT64 -> INT64', ([x = '']) => isolated([x], (v) => `TRY(-${v})`)),
    overload('FLOAT64 -> FLOAT64', ([x]) => `(-${x})`),
    ...DECIMAL_FUNCTIONS.SAFE_NEGATE,
  ],
  BIT_COUNT: [overload('INT64 -> INT64', ([x]) => `CAST(bit_count(${x}) AS BIGINT)`), BIT_COUNT_OF_BYTES],
  ACOSH: real('ACOSH', Math.acosh),
  ASINH: real('ASINH', Math.asinh),
  ATANH: real('ATANH', Math.atanh),
  COSH: real('COSH', Math.cosh),
  SINH: real('SINH', Math.sinh),
  TANH: real('TANH', Math.tanh),
  COT: real('COT', (value) => 1 / Math.tan(value)),
  COTH: real('COTH', (value) => 1 / Math.tanh(value)),
  CSC: real('CSC', (value) => 1 / Math.sin(value)),
  CSCH: real('CSCH', (value) => 1 / Math.sinh(value)),
  SEC: real('SEC', (value) => 1 / Math.cos(value)),
  SECH: real('SECH', (value) => 1 / Math.cosh(value)),
  RANGE_BUCKET: overload('T, ARRAY<T> -> INT64', rangeBucket),
  PARSE_NUMERIC: parsed('NUMERIC'),
  PARSE_BIGNUMERIC: parsed('BIGNUMERIC'),
  SIN: real('SIN', Math.sin),
  COS: real('COS', Math.cos),
  TAN: real('TAN', Math.tan),
  ATAN: overload('FLOAT64 -> FLOAT64', same('atan')),
  ATAN2: overload('FLOAT64, FLOAT64 -> FLOAT64', same('atan2')),
  ACOS: real('ACOS', Math.acos),
  ASIN: real('ASIN', Math.asin),
  CBRT: overload('FLOAT64 -> FLOAT64', same('cbrt')),
  LOG: [real('LOG', Math.log), computed('logarithm', 'FLOAT64, FLOAT64 -> FLOAT64', logarithm)],
  SQRT: computed('sqrt', 'FLOAT64 -> FLOAT64', squareRoot),
  EXP: real('EXP', Math.exp),
  LN: real('LN', Math.log),
  LOG10: real('LOG10', Math.log10),
  POW: POWER,
  POWER: POWER,
  IS_NAN: overload('FLOAT64 -> BOOL', same('isnan')),
  IS_INF: overload('FLOAT64 -> BOOL', same('isinf')),
  COSINE_DISTANCE: distance('COSINE_DISTANCE', cosineDistance),
  EUCLIDEAN_DISTANCE: distance('EUCLIDEAN_DISTANCE', (pairs) =>
    Math.sqrt(sum(pairs, (x, y) => (x - y) ** 2)),
  ),
  GREATEST: extreme('>'),
  LEAST: extreme('<'),
  RAND: overload('-> FLOAT64', () => 'random()'),
};

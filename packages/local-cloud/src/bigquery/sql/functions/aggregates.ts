import { DuckDBListValue, DuckDBStructValue } from '@duckdb/node-api';
import { invalidQuery, unsupported } from '../../errors.ts';
import { duckType } from '../../types.ts';
import type { FunctionCall } from '../ast.ts';
import { failure, letIn } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { type Call, defined, FunctionError } from './computed.ts';
import { averageOfBig, DECIMAL_OPERATORS, sumOfBig } from './decimals.ts';
import { noArray } from './general.ts';
import { averageOfIntervals, sumOfIntervals } from './interval.ts';
import { type Emit, type FunctionTable, ORDERED, overload } from './table.ts';

/**
 * Placeholders in the SQL of an aggregate call. Overloads emit them, because they do not see the DISTINCT, ORDER BY and
 * OVER of the call; completeAggregate replaces them.
 */
const DISTINCT = '\u0001';
const ORDER = '\u0002';
const AFTER = '\u0003';

const call = (name: string, args: readonly string[], filter = '') =>
  `${name}(${DISTINCT}${args.join(', ')}${ORDER})${filter}${AFTER}`;

const simple = (name: string) => (args: readonly string[]) => call(name, args);

/** DuckDB adds no values of the type: they are added as a list. */
const ofList = (type: string, compute: Call) =>
  overload(`${type} -> ${type}`, ([x = '']) => compute([call('list', [x])]));

const someInfinite = (x: string) => `coalesce(${call('bool_or', [`isinf(${x})`])}, FALSE)`;

/** A power of two: dividing by it changes no digit. The sum of large numbers is then finite. */
const SCALE = '18446744073709551616.0';

/** The sum of a billion of these is still a NUMERIC. */
const MAX_AVERAGED = '1e19';

/** DuckDB fails at numbers whose square is no FLOAT64, and takes the square of a difference for 0 below this. */
const [MIN_SPREAD, MAX_SPREAD] = ['1e-130', '1e150'];
const BEYOND = failure(
  `The spread of numbers above ${MAX_SPREAD} or below ${MIN_SPREAD} is not supported by the local BigQuery`,
);
const squares = (x: string) => `(${x} = 0 OR abs(${x}) BETWEEN ${MIN_SPREAD} AND ${MAX_SPREAD})`;

/** NULL for too few numbers, NaN if any of several is not finite. */
const spreadOf = (isEnough: string, isOdd: string, isBeyond: string, plain: string) =>
  `CASE WHEN ${isEnough} THEN CASE WHEN ${isOdd} THEN CAST('nan' AS DOUBLE) WHEN ${isBeyond} THEN ${BEYOND} ELSE ${plain} END END`;

/** A variance or deviation. */
const spread =
  (name: string): Emit =>
  ([x = '']) =>
    spreadOf(
      name.endsWith('_samp') ? `${call('count', [x])} > 1` : 'TRUE',
      call('bool_or', [`NOT isfinite(${x})`]),
      call('bool_or', [`NOT ${squares(x)}`]),
      call(name, [`CASE WHEN ${squares(x)} THEN ${x} END`]),
    );

const by = (name: string) => ORDERED.map((type) => overload(`T, ${type} -> T`, simple(name)));

/** Of pairs without a NULL; NULL for fewer than `least` of them. */
const pairs =
  (name: string, least: number): Emit =>
  ([x = '', y = '']) => {
    const has = (condition: string) =>
      call('bool_or', [`${x} IS NOT NULL AND ${y} IS NOT NULL AND (${condition})`]);
    const isPlain = `(${squares(x)} AND ${squares(y)})`;
    return spreadOf(
      `${call('regr_count', [y, x])} >= ${least}`,
      has(`NOT isfinite(${x}) OR NOT isfinite(${y})`),
      has(`NOT ${isPlain}`),
      call(name, [`CASE WHEN ${isPlain} THEN ${x} END`, y]),
    );
  };

const MAX_QUANTILES = 100_000n;

/** The bounds of groups of the same size. Exact ones are a valid approximation. */
const quantiles: Emit = ([x], [, count]) => {
  const number = constantCount('APPROX_QUANTILES', count, MAX_QUANTILES);
  const fractions = Array.from({ length: number + 1 }, (_, index) => index / number);
  return call('quantile_disc', [x ?? '', `[${fractions.join(', ')}]`]);
};

/** The most frequent values, NULL among them. An exact count is a valid approximation. */
const topCount: Emit = ([x = ''], [, count]) => {
  const number = constantCount('APPROX_TOP_COUNT', count, MAX_QUANTILES);
  const pair = (value: string, key: string) => `struct_pack(n := CAST(${value} AS BIGINT), k := ${key})`;
  const counted = `list_transform(coalesce(map_entries(${call('histogram', [x])}), []), lambda e: ${pair('e.value', 'e.key')})`;
  const nulls = call('count_if', [`${x} IS NULL`]);
  const ofNull = `CASE WHEN ${nulls} > 0 THEN [${pair(nulls, 'NULL')}] ELSE [] END`;
  const sorted = `list_sort(list_concat(${counted}, ${ofNull}), 'DESC')`;
  return `list_transform(list_slice(${sorted}, 1, ${number}), lambda e: struct_pack(f0 := e.k, f1 := e.n))`;
};

/** The places, from 1, of the first values of the groups with the greatest sums of weights. */
const topPlaces = defined('top_places', 'INT64, ANY... -> ARRAY<INT64>', (count, list) => {
  const groups = new Map<string, { readonly place: number; sum: number }>();
  const pairs = list instanceof DuckDBListValue ? list.items : [];
  for (const [index, pair] of pairs.entries()) {
    const { k = null, w = null } = pair instanceof DuckDBStructValue ? pair.entries : {};
    // A group without a weight comes after all others.
    const group = groups.get(String(k)) ?? { place: index + 1, sum: Number.NEGATIVE_INFINITY };
    const weight = w === null ? undefined : Number(w);
    if (weight !== undefined && !(weight >= 0))
      throw new FunctionError('APPROX_TOP_SUM accepts no weight that is negative or NaN');
    if (weight !== undefined) group.sum = Math.max(group.sum, 0) + weight;
    groups.set(String(k), group);
  }
  const sorted = [...groups.values()].sort((a, b) => b.sum - a.sum || a.place - b.place);
  return sorted.slice(0, Number(count)).map(({ place }) => BigInt(place));
});

/** The values with the greatest sums of weights, NULL among them. Exact sums are a valid approximation. */
const topSum: Emit = ([x = '', weight = ''], [, of, count]) => {
  const number = constantCount('APPROX_TOP_SUM', count, MAX_QUANTILES);
  const all = call('list', [`struct_pack(k := ${x}, w := ${weight})`]);
  return letIn([all], (pairs) => {
    const own = `list_filter(${pairs}, lambda e: e.k IS NOT DISTINCT FROM ${pairs}[i].k)`;
    const sum = `CAST(list_sum(list_transform(${own}, lambda e: e.w)) AS ${of ? duckType(of.type) : ''})`;
    return `list_transform(${topPlaces([String(number), pairs])}, lambda i: struct_pack(f0 := ${pairs}[i].k, f1 := ${sum}))`;
  });
};

/** The separator of BYTES, unless another is given. */
const COMMA = "unhex('2c')";

const joinBytes = defined('join_bytes', 'ARRAY<BYTES>, BYTES -> BYTES', (parts, separator) => {
  const present = parts.filter((part) => part !== null);
  if (present.length === 0) return null;
  return Buffer.concat(present.flatMap((part, index) => (index === 0 ? [part] : [separator, part])));
});

function constantCount(name: string, count: Resolved | undefined, most: bigint): number {
  const value = count?.constant;
  if (typeof value !== 'bigint' || value < 1n || value > most)
    throw invalidQuery(
      `The second argument of ${name} must be a literal or query parameter from 1 to ${most}`,
      count?.at,
    );
  return Number(value);
}

function assertSeparator(by: Resolved | undefined): void {
  // BigQuery computes the cast of a literal before it asks for one.
  if (by && by.constant === undefined && by.references.length === 0)
    throw unsupported('A computed separator of STRING_AGG', by.at);
  if (by && (by.constant === undefined || by.constant === null))
    throw invalidQuery('Argument 2 to STRING_AGG must be a literal or query parameter and not NULL', by.at);
}

const MOST_NUMERIC = `CAST('${'9'.repeat(29)}.${'9'.repeat(9)}' AS DECIMAL(38, 9))`;

/** Aggregate functions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/aggregate_functions */
export const AGGREGATES: FunctionTable = {
  COUNT: [overload('-> INT64', () => `count(*)${AFTER}`), overload('T -> INT64', simple('count'))],
  COUNTIF: overload('BOOL -> INT64', ([x]) => call('count', [`CASE WHEN ${x} THEN 1 END`])),
  // An exact count is a valid approximation.
  APPROX_COUNT_DISTINCT: overload('T -> INT64', ([x]) => `count(DISTINCT ${x})${AFTER}`),
  SUM: [
    overload('INT64 -> INT64', (args) => `CAST(${call('sum', args)} AS BIGINT)`),
    overload('NUMERIC -> NUMERIC', (args) => {
      const sum = `CAST(${call('sum', args)} AS DECIMAL(38, 9))`;
      // DuckDB adds beyond the digits of its own type.
      return `CASE WHEN abs(${sum}) > ${MOST_NUMERIC} THEN ${failure('NUMERIC overflow: SUM')} ELSE ${sum} END`;
    }),
    overload('FLOAT64 -> FLOAT64', ([x = '']) => {
      const sum = call('sum', [x]);
      return `CASE WHEN isinf(${sum}) AND NOT ${someInfinite(x)} THEN ${failure('double overflow')} ELSE ${sum} END`;
    }),
    ofList('BIGNUMERIC', sumOfBig),
    ofList('INTERVAL', sumOfIntervals),
  ],
  AVG: [
    overload('FLOAT64 -> FLOAT64', ([x = '']) => {
      const average = call('avg', [x]);
      const small = `${call('avg', [`${x} / ${SCALE}`])} * ${SCALE}`;
      return `CASE WHEN isinf(${average}) AND NOT ${someInfinite(x)} THEN ${small} ELSE ${average} END`;
    }),
    overload('NUMERIC -> NUMERIC', ([x = '']) => {
      const sum = `CAST(${call('sum', [`CASE WHEN abs(${x}) <= ${MAX_AVERAGED} THEN ${x} END`])} AS DECIMAL(38, 9))`;
      const average = DECIMAL_OPERATORS.NUMERIC['/']([
        sum,
        `CAST(nullif(${call('count', [x])}, 0) AS DECIMAL(38, 9))`,
      ]);
      const isLarge = `${call('max', [`abs(${x})`])} > ${MAX_AVERAGED}`;
      const refusal = failure(`AVG of NUMERICs above ${MAX_AVERAGED} is not supported by the local BigQuery`);
      return `CASE WHEN ${isLarge} THEN ${refusal} ELSE ${average} END`;
    }),
    ofList('BIGNUMERIC', averageOfBig),
    ofList('INTERVAL', averageOfIntervals),
  ],
  // NaN is smaller than any number in BigQuery, and larger in DuckDB.
  MIN: [
    ...ORDERED.map((type) => overload(`${type} -> ${type}`, simple('min'))),
    overload(
      'FLOAT64 -> FLOAT64',
      ([x]) =>
        `CASE WHEN ${call('bool_or', [`isnan(${x})`])} THEN CAST('nan' AS DOUBLE) ELSE ${call('min', [x ?? ''])} END`,
    ),
  ],
  MAX: [...ORDERED, 'FLOAT64'].map((type) => overload(`${type} -> ${type}`, simple('max'))),
  MAX_BY: by('arg_max_null'),
  MIN_BY: by('arg_min_null'),
  STDDEV: overload('FLOAT64 -> FLOAT64', spread('stddev_samp')),
  STDDEV_SAMP: overload('FLOAT64 -> FLOAT64', spread('stddev_samp')),
  STDDEV_POP: overload('FLOAT64 -> FLOAT64', spread('stddev_pop')),
  VARIANCE: overload('FLOAT64 -> FLOAT64', spread('var_samp')),
  VAR_SAMP: overload('FLOAT64 -> FLOAT64', spread('var_samp')),
  VAR_POP: overload('FLOAT64 -> FLOAT64', spread('var_pop')),
  BIT_AND: overload('INT64 -> INT64', simple('bit_and')),
  BIT_OR: overload('INT64 -> INT64', simple('bit_or')),
  BIT_XOR: overload('INT64 -> INT64', simple('bit_xor')),
  ANY_VALUE: overload('T -> T', simple('any_value')),
  LOGICAL_AND: overload('BOOL -> BOOL', simple('bool_and')),
  LOGICAL_OR: overload('BOOL -> BOOL', simple('bool_or')),
  STRING_AGG: [
    overload('STRING, STRING? -> STRING', ([x = '', separator = "','"], [, by]) => {
      assertSeparator(by);
      return call('string_agg', [x, separator]);
    }),
    overload('BYTES, BYTES? -> BYTES', ([x = '', separator = COMMA], [, by]) => {
      assertSeparator(by);
      return joinBytes([call('list', [x]), separator]);
    }),
  ],
  ARRAY_AGG: overload('T -> ARRAY<T>', simple('list')),
  ARRAY_CONCAT_AGG: overload('ARRAY<T> -> ARRAY<T>', ([x = ''], [array]) => {
    if (array?.coercible === 'NULL') throw noArray('ARRAY_CONCAT_AGG', array.at);
    return `nullif(flatten(${call('list', [x])}), [])`;
  }),
  CORR: overload('FLOAT64, FLOAT64 -> FLOAT64', pairs('corr', 2)),
  COVAR_POP: overload('FLOAT64, FLOAT64 -> FLOAT64', pairs('covar_pop', 1)),
  COVAR_SAMP: overload('FLOAT64, FLOAT64 -> FLOAT64', pairs('covar_samp', 2)),
  APPROX_TOP_COUNT: overload('T, INT64 -> ARRAY<STRUCT<value T, count INT64>>', topCount),
  APPROX_TOP_SUM: ['INT64', 'NUMERIC', 'FLOAT64'].map((type) =>
    overload(`T, ${type}, INT64 -> ARRAY<STRUCT<value T, sum ${type}>>`, topSum),
  ),
  APPROX_QUANTILES: [...ORDERED, 'FLOAT64'].map((type) =>
    overload(`${type}, INT64 -> ARRAY<${type}>`, quantiles),
  ),
};

/** Functions whose result depends on the order of rows. */
const ORDERED_AGGREGATES = ['STRING_AGG', 'ARRAY_AGG', 'ARRAY_CONCAT_AGG'];
const LIMITED_AGGREGATES = ['STRING_AGG', 'ARRAY_AGG'];
const NULL_HANDLING = ['ARRAY_AGG'];

/** Completes an aggregate's SQL with DISTINCT, ORDER BY, IGNORE NULLS, LIMIT and OVER of the call. */
export function completeAggregate(
  node: FunctionCall,
  sql: string,
  parts: {
    args: readonly string[];
    orderBy: string;
    limit: string | undefined;
    /** Whether the result is of type BYTES. */
    isBytes: boolean;
    rowFilter: string | undefined;
    over: string;
  },
): string {
  const { name, at } = node;
  if (node.orderBy.length > 0 && !ORDERED_AGGREGATES.includes(name))
    throw unsupported(`ORDER BY inside ${name}`, at);
  if (node.nulls && !NULL_HANDLING.includes(name)) throw unsupported(`${node.nulls} NULLS of ${name}`, at);
  if (parts.limit !== undefined && !LIMITED_AGGREGATES.includes(name))
    throw unsupported(`LIMIT inside ${name}`, at);
  if (node.distinct && /^(CORR|COVAR_)/.test(name))
    throw invalidQuery(`DISTINCT is not allowed for function ${name}`, at);
  if (node.distinct && (node.star || name === 'COUNTIF' || name === 'APPROX_COUNT_DISTINCT'))
    throw unsupported(`DISTINCT inside ${name}`, at);
  if (parts.over && (node.orderBy.length > 0 || parts.limit !== undefined))
    throw unsupported(`ORDER BY or LIMIT inside ${name} with OVER`, at);
  const [first, separator = parts.isBytes ? COMMA : "','"] = parts.args;
  const isLimitedText = name === 'STRING_AGG' && parts.limit !== undefined;
  const conditions = [
    ...(parts.rowFilter === undefined ? [] : [parts.rowFilter]),
    ...(node.nulls === 'IGNORE' || isLimitedText ? [`${first} IS NOT NULL`] : []),
  ];
  const filter = conditions.length > 0 ? ` FILTER (WHERE ${conditions.join(' AND ')})` : '';
  const completed = (isLimitedText ? call('list', [first ?? '']) : sql)
    .replaceAll(DISTINCT, node.distinct ? 'DISTINCT ' : '')
    .replaceAll(ORDER, () => parts.orderBy)
    .replaceAll(AFTER, () => `${filter}${parts.over}`);
  if (parts.limit === undefined) return completed;
  const limited = `list_slice(${completed}, 1, ${parts.limit})`;
  if (!isLimitedText) return limited;
  if (parts.isBytes) return joinBytes([limited, separator]);
  return letIn(
    [limited],
    (list) => `CASE WHEN len(${list}) > 0 THEN array_to_string(${list}, ${separator}) END`,
  );
}

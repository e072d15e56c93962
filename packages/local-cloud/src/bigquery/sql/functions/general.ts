import { invalidQuery, type Position } from '../../errors.ts';
import { quoteLiteral } from '../../names.ts';
import { typeName } from '../../types.ts';
import { failure, letIn, strict, whenAsked } from '../let.ts';
import { compare, unified } from '../operators.ts';
import { both, computed, FunctionError } from './computed.ts';
import { type FunctionTable, overload, same } from './table.ts';
import { fromBase32, toBase32 } from './text-algorithms.ts';

/** NULLs are left out, or written as the third argument. */
function arrayToString(items: readonly (string | null)[], separator: string, forNull?: string): string {
  return items.flatMap((item) => item ?? forNull ?? []).join(separator);
}

function end(array: string, name: string, index: 1 | -1): string {
  const error = failure(`${name} cannot get the ${index === 1 ? 'first' : 'last'} element of an empty array`);
  return letIn([array], (a) => `CASE WHEN len(${a}) = 0 THEN ${error} ELSE ${a}[${index}] END`);
}

export function fromHex(text: string): Uint8Array {
  const wrong = text.search(/[^0-9a-f]/i);
  if (wrong >= 0)
    throw new FunctionError(
      `Failed to decode invalid hexadecimal string due to character at offset ${wrong}: ${text}`,
    );
  return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex');
}

export function fromBase64(text: string): Uint8Array {
  const [, digits, padding = ''] = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text.replaceAll(/\s/g, '')) ?? [];
  const isWhole = padding === '' ? (digits ?? '').length % 4 !== 1 : `${digits}${padding}`.length % 4 === 0;
  if (digits === undefined || !isWhole) throw new FunctionError('Failed to decode invalid base64 string');
  return Buffer.from(text, 'base64');
}

export const MAX_ELEMENTS = 1_048_575;

/** The number of elements, given the number of steps. */
function sequenceLength(name: string, steps: number): number {
  if (Number.isNaN(steps) || Math.abs(steps) === Number.POSITIVE_INFINITY)
    throw new FunctionError('Sequence step cannot be 0.');
  if (steps > MAX_ELEMENTS) throw new FunctionError(`${name} produced too many elements`);
  return Math.max(0, Math.floor(steps) + 1);
}

/** A sequence of whole numbers, counted exactly: the quotient of the nearest FLOAT64s can be one more. */
export function sequence(name: string, from: bigint, to: bigint, step: bigint): bigint[] {
  if (step === 0n) throw new FunctionError('Sequence step cannot be 0.');
  const isBackward = to !== from && to > from !== step > 0n;
  const length = isBackward ? 0 : sequenceLength(name, Number((to - from) / step));
  return Array.from({ length }, (_, index) => from + BigInt(index) * step);
}

/** A sequence of decimal numbers, in units of which one has `one`. */
const decimals =
  (one: bigint) =>
  (from: bigint, to: bigint, step = one) =>
    sequence('GENERATE_ARRAY', from, to, step);

export function noArray(name: string, at: Position) {
  return invalidQuery(`The argument to ${name} must be an array type but was NULL`, at);
}

/** Conditional, array, hash and encoding functions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/functions-all */
export const GENERAL_FUNCTIONS: FunctionTable = {
  IF: overload(
    'BOOL, T, T -> T',
    ([, yes, no], [condition]) => `CASE WHEN ${condition && whenAsked(condition)} THEN ${yes} ELSE ${no} END`,
  ),
  IFNULL: overload('T, T -> T', same('coalesce')),
  NULLIF: overload('T, T -> T', ([x = ''], [a, b], bindings) => {
    if (!a || !b) throw new RangeError('NULLIF has two arguments');
    const site = { at: a.at, bindings };
    const [first, second] = unified('function NULLIF', [a, b], 'NULLIF(T, T)', site);
    return `(CASE WHEN ${whenAsked(compare('=', first, second, site))} THEN NULL ELSE ${x} END)`;
  }),
  COALESCE: overload('T... -> T', same('coalesce')),

  ARRAY_LENGTH: overload('ARRAY<T> -> INT64', same('len')),
  ARRAY_REVERSE: overload('ARRAY<T> -> ARRAY<T>', same('list_reverse')),
  ARRAY_CONCAT: overload('ARRAY<T>, ARRAY<T>... -> ARRAY<T>', (args, resolved) => {
    const none = resolved.find(({ coercible }) => coercible === 'NULL');
    if (none) throw noArray('ARRAY_CONCAT', none.at);
    return strict(args, (...names) => names.reduce((all, next) => `list_concat(${all}, ${next})`));
  }),
  ARRAY_TO_STRING: both('array_to_string', 'ARRAY<$>, $, $? -> $', arrayToString),
  ARRAY_SLICE: overload('ARRAY<T>, INT64, INT64 -> ARRAY<T>', ([array = '', start = '', end = '']) =>
    strict([array, start, end], (a, from, to) => {
      const index = (at: string) => `(CASE WHEN ${at} < 0 THEN ${at} + len(${a}) ELSE ${at} END)`;
      const [first, last] = [`greatest(${index(from)}, 0)`, `least(${index(to)}, len(${a}) - 1)`];
      return `CASE WHEN ${last} < ${first} THEN list_slice(${a}, 1, 0) ELSE list_slice(${a}, ${first} + 1, ${last} + 1) END`;
    }),
  ),
  ARRAY_FIRST: overload('ARRAY<T> -> T', ([array = '']) => end(array, 'ARRAY_FIRST', 1)),
  ARRAY_LAST: overload('ARRAY<T> -> T', ([array = '']) => end(array, 'ARRAY_LAST', -1)),
  GENERATE_ARRAY: [
    overload('INT64, INT64, INT64? -> ARRAY<INT64>', ([from = '', to = '', step = 'CAST(1 AS BIGINT)']) =>
      strict(
        [from, to, step],
        (a, b, s) =>
          `CASE WHEN ${s} = 0 THEN ${failure('Sequence step cannot be 0.')} ` +
          `WHEN abs((${b} - ${a}) // ${s}) >= 1048575 AND (${b} >= ${a}) = (${s} > 0) ` +
          `THEN ${failure('GENERATE_ARRAY produced too many elements')} ` +
          `ELSE generate_series(${a}, ${b}, ${s}) END`,
      ),
    ),
    computed('generate_numerics', 'NUMERIC, NUMERIC, NUMERIC? -> ARRAY<NUMERIC>', decimals(10n ** 9n)),
    computed(
      'generate_bignumerics',
      'BIGNUMERIC, BIGNUMERIC, BIGNUMERIC? -> ARRAY<BIGNUMERIC>',
      decimals(10n ** 38n),
    ),
    computed('generate_floats', 'FLOAT64, FLOAT64, FLOAT64? -> ARRAY<FLOAT64>', (from, to, step = 1) => {
      const count = sequenceLength('GENERATE_ARRAY', (to - from) / step);
      return Array.from({ length: count }, (_, index) => from + index * step);
    }),
  ],

  TO_HEX: overload('BYTES -> STRING', ([bytes]) => `lower(hex(${bytes}))`),
  FROM_HEX: computed('from_hex', 'STRING -> BYTES', fromHex),
  TO_BASE32: computed('to_base32', 'BYTES -> STRING', toBase32),
  FROM_BASE32: computed('from_base32', 'STRING -> BYTES', fromBase32),
  TO_BASE64: overload('BYTES -> STRING', same('base64')),
  FROM_BASE64: computed('from_base64', 'STRING -> BYTES', fromBase64),
  TYPEOF: overload('ANY -> STRING', (_, [value]) => quoteLiteral(value ? typeName(value.type) : '')),
  GENERATE_UUID: overload('-> STRING', () => 'CAST(uuid() AS VARCHAR)'),
};

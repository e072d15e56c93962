import { addMonths, MAX_MICROS, MIN_MICROS } from '../../calendar.ts';
import { invalidQuery } from '../../errors.ts';
import { quoteLiteral } from '../../names.ts';
import { duckType, rangeElement, scalar } from '../../types.ts';
import { boundText, rangeText } from '../conversions.ts';
import { failure, letIn, strict } from '../let.ts';
import { defined, FunctionError } from './computed.ts';
import { MAX_ELEMENTS } from './general.ts';
import { type Emit, type FunctionTable, type Overload, overload } from './table.ts';
import { clockOf, DAY, dayOf } from './time-format.ts';

const ELEMENTS = ['DATE', 'DATETIME', 'TIMESTAMP'] as const;
type Element = (typeof ELEMENTS)[number];

/** The start of each part of a range, and the end of the last. */
const borders = defined(
  'range_borders',
  'STRING, TIMESTAMP, TIMESTAMP, INTERVAL, BOOL -> ARRAY<TIMESTAMP>',
  (element, start, end, { months, days, micros }, withShortPart) => {
    const size = days * DAY + micros;
    const reasons = [
      (start < MIN_MICROS || end > MAX_MICROS) && 'input RANGE cannot have UNBOUNDED endpoints',
      (months < 0n || days < 0n || micros < 0n) && 'step cannot be negative',
      months + size === 0n && 'step cannot be 0',
      element === 'DATE' && micros > 0n && 'step with non-zero (H:M:S[.F]) part is not supported',
      element === 'TIMESTAMP' && months > 0n && 'step with non-zero MONTH or YEAR part is not supported',
      months > 0n && size > 0n && 'step should either have the Y-M part or the D (H:M:S[.F]) part',
      (end - start) / (months * 28n * DAY + size || 1n) > MAX_ELEMENTS && 'step makes too many elements',
    ];
    const reason = reasons.find((each) => each !== false);
    if (reason !== undefined) throw new FunctionError(reason);
    const day = dayOf(start);
    const all: bigint[] = [];
    for (let at = start; at <= end; ) {
      all.push(at);
      const steps = BigInt(all.length);
      at = start + clockOf(addMonths(day, Number(months * steps)) - day) + size * steps;
    }
    return withShortPart && all.at(-1) !== end ? [...all, end] : all;
  },
);

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/range-functions */
export const RANGE_FUNCTIONS: FunctionTable = {
  RANGE: each((element) => ({
    ...overload(`${element}, ${element} -> RANGE<${element}>`, ([s = '', e = ''], bounds) => {
      if (bounds.every(({ coercible }) => coercible === 'NULL'))
        throw invalidQuery('At least one of the arguments of RANGE must have a type', bounds[0]?.at);
      return rangeSql(element, s, e);
    }),
    isExact: true,
  })),
  RANGE_START: bounds('s'),
  RANGE_END: bounds('e'),
  RANGE_CONTAINS: each((element) => [
    ofRange(`RANGE<${element}>, ${element} -> BOOL`, (args) =>
      strict(args, (range = '', value = '') => `${range}.s <= ${value} AND ${value} < ${range}.e`),
    ),
    ofRange(`RANGE<${element}>, RANGE<${element}> -> BOOL`, (args) =>
      strict(args, (a = '', b = '') => `${a}.s <= ${b}.s AND ${b}.e <= ${a}.e`),
    ),
  ]),
  RANGE_OVERLAPS: each((element) =>
    ofRange(`RANGE<${element}>, RANGE<${element}> -> BOOL`, (args) =>
      strict(args, (a = '', b = '') => overlap(a, b)),
    ),
  ),
  RANGE_INTERSECT: each((element) =>
    ofRange(
      `RANGE<${element}>, RANGE<${element}> -> RANGE<${element}>`,
      (args) =>
        strict(args, (a = '', b = '') => {
          const texts = `${rangeText(element, a)} || ' and ' || ${rangeText(element, b)} || ' do not overlap'`;
          const both = `struct_pack(s := greatest(${a}.s, ${b}.s), e := least(${a}.e, ${b}.e))`;
          return `CASE WHEN ${overlap(a, b)} THEN ${both} ELSE ${failure('Provided RANGE inputs: ', texts)} END`;
        }),
      1,
    ),
  ),
  GENERATE_RANGE_ARRAY: each((element) =>
    ofRange(
      `RANGE<${element}>, INTERVAL, BOOL? -> ARRAY<RANGE<${element}>>`,
      ([range = '', step = '', withShortPart = 'true']) =>
        letIn([range], (value) => {
          const [start, end] = [`CAST(${value}.s AS TIMESTAMP)`, `CAST(${value}.e AS TIMESTAMP)`];
          return letIn([borders([quoteLiteral(element), start, end, step, withShortPart])], (at) => {
            const of = (index: string) => `CAST(${at}[${index}] AS ${duckType(scalar(element))})`;
            return `list_transform(range(1, len(${at})), lambda i: struct_pack(s := ${of('i')}, e := ${of('i + 1')}))`;
          });
        }),
      1,
    ),
  ),
};

function each(make: (element: Element) => Overload | Overload[]): Overload[] {
  return ELEMENTS.flatMap(make);
}

/** A NULL without a type is no RANGE among the first `needed` arguments. */
function ofRange(signature: string, emit: Emit, needed = 2): Overload {
  return overload(signature, (args, values, bindings) => {
    const typed = values.slice(0, needed);
    const none = typed.find(({ type, coercible }) => coercible === 'NULL' && rangeElement(type.kind));
    if (none)
      throw invalidQuery(
        'A literal NULL is not accepted in place of a RANGE: give it a type, as in CAST(NULL AS RANGE<DATE>)',
        none.at,
      );
    return emit(args, values, bindings);
  });
}

/** Of a NULL bound, which is unbounded. */
function rangeSql(element: Element, start: string, end: string): string {
  const type = duckType(scalar(element));
  return letIn([start, end], (s = '', e = '') => {
    const from = `coalesce(${s}, CAST('-infinity' AS ${type}))`;
    const to = `coalesce(${e}, CAST('infinity' AS ${type}))`;
    const texts = `${boundText(element, s)} || ', ' || ${boundText(element, e)} || ')'`;
    const failed = failure('Range start element must be smaller than range end element: [', texts);
    return `CASE WHEN ${from} < ${to} THEN struct_pack(s := ${from}, e := ${to}) ELSE ${failed} END`;
  });
}

function bounds(bound: 's' | 'e'): Overload[] {
  return each((element) =>
    ofRange(`RANGE<${element}> -> ${element}`, ([range = '']) =>
      letIn([range], (value) => `CASE WHEN isfinite(${value}.${bound}) THEN ${value}.${bound} END`),
    ),
  );
}

function overlap(a: string, b: string): string {
  return `(${a}.s < ${b}.e AND ${b}.s < ${a}.e)`;
}

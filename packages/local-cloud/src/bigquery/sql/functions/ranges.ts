import { invalidQuery } from '../../errors.ts';
import { duckType, rangeElement, scalar } from '../../types.ts';
import { boundText, rangeText } from '../conversions.ts';
import { failure, letIn, strict } from '../let.ts';
import { type Emit, type FunctionTable, type Overload, overload } from './table.ts';

const ELEMENTS = ['DATE', 'DATETIME', 'TIMESTAMP'] as const;
type Element = (typeof ELEMENTS)[number];

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

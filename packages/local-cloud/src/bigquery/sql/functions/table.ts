import type { Bindings } from '../bindings.ts';
import type { Resolved } from '../resolved.ts';

/** The rows of the tables of functions. */

/** Returns the DuckDB SQL of a call, given the SQL of its arguments and the resolved arguments. */
export type Emit = (args: readonly string[], resolved: readonly Resolved[], bindings: Bindings) => string;

export interface Overload {
  readonly signature: string;
  readonly parameters: readonly Parameter[];
  readonly result: string;
  readonly emit: Emit;
  /** Whether no argument but NULL is coerced. */
  readonly isExact?: boolean;
  /** Whether no literal text is coerced. */
  readonly takesNoText?: boolean;
}

export interface Parameter {
  readonly type: string;
  readonly isOptional: boolean;
  /** Whether it may repeat. No parameter follows it. */
  readonly isRepeated: boolean;
  /** The name before `=>`. */
  readonly name?: string;
  /** Whether the argument is given by name only. */
  readonly isNamedOnly: boolean;
}

/** The signatures of each function: one, or several. */
export type FunctionTable = Readonly<Record<string, Overload | readonly Overload[]>>;

/** The signatures of a function; undefined for one that the table does not have. */
export function overloadsOf(table: FunctionTable, name: string): readonly Overload[] | undefined {
  return Object.hasOwn(table, name) ? [table[name] ?? []].flat() : undefined;
}

const PARAMETER = /^(?:(\()?(\w+)\)?=>)?(.*?)(\?|\.\.\.\??)?$/;

/**
 * `overload('STRING, INT64, mode=>STRING?, ANY... -> STRING', …)`: `T` is any type, `T?` optional, `T...` one or more, `T...?` any number, ANY a value
 * of a type of its own, PART a date part and STEP what follows INTERVAL, as in `INTERVAL 1 DAY`. `name=>T` is given by name,
 * `(name)=>T` by name or by place.
 */
export function overload(signature: string, emit: Emit): Overload {
  const [left = '', result = ''] = signature.split('->').map((side) => side.trim());
  const parameters = left === '' ? [] : left.split(/, /).map(parameterOf);
  return { signature, parameters, result, emit };
}

/** Signatures over several types of time: Google coerces a literal text to that of the first only. */
export function inOrder(overloads: readonly Overload[]): Overload[] {
  return overloads.map((each, index) => (index === 0 ? each : { ...each, takesNoText: true }));
}

function parameterOf(text: string): Parameter {
  const [, both, name, type = '', mark] = PARAMETER.exec(text) ?? [];
  return {
    type,
    isOptional: mark?.endsWith('?') ?? false,
    isRepeated: mark?.startsWith('...') ?? false,
    isNamedOnly: name !== undefined && both === undefined,
    ...(name !== undefined && { name }),
  };
}

/** The types of values that have an order, but FLOAT64: its NaN is greater in DuckDB and smaller in BigQuery than any number. */
export const ORDERED: readonly string[] =
  'STRING BYTES INT64 NUMERIC BIGNUMERIC BOOL DATE DATETIME TIME TIMESTAMP INTERVAL RANGE<DATE> RANGE<DATETIME> RANGE<TIMESTAMP>'.split(
    ' ',
  );

/** Calls the DuckDB function `name`, which behaves alike. */
export function same(name: string): Emit {
  return (args) => `${name}(${args.join(', ')})`;
}

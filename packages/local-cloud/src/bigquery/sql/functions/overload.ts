import { unsupported } from '../../errors.ts';
import { type DataType, type ScalarKind, scalar, scalarKindOf } from '../../types.ts';
import type { FunctionCall } from '../ast.ts';
import type { Bindings } from '../bindings.ts';
import { coerce, commonType, signatureError } from '../coercion.ts';
import { combined, type Resolved } from '../resolved.ts';

/** Returns the DuckDB SQL of a call, given the SQL of its arguments and the resolved arguments. */
export type Emit = (args: readonly string[], resolved: readonly Resolved[], bindings: Bindings) => string;

export interface Overload {
  readonly signature: string;
  readonly parameters: readonly string[];
  /** Number of arguments at the end that may be omitted. */
  readonly optional: number;
  /** Whether the last parameter may repeat. */
  readonly repeated: boolean;
  readonly result: string;
  readonly emit: Emit;
}

export type FunctionTable = Readonly<Record<string, readonly Overload[]>>;

/**
 * `overload('STRING, INT64, INT64? -> STRING', …)`: `T` is any type, `T?` optional, `T...` one or more, ANY a value of a type of
 * its own, PART a date part and INTERVAL an interval.
 */
export function overload(signature: string, emit: Emit): Overload {
  const [left = '', result = ''] = signature.split('->').map((side) => side.trim());
  const raw = left === '' ? [] : left.split(',').map((parameter) => parameter.trim());
  return {
    signature,
    parameters: raw.map((parameter) => parameter.replace(/\?$|\.\.\.$/, '')),
    optional: raw.filter((parameter) => parameter.endsWith('?')).length,
    repeated: raw.at(-1)?.endsWith('...') ?? false,
    result,
    emit,
  };
}

/** Picks the first overload that fits without coercion, else the first that fits with it. */
export function applyOverloads(
  call: FunctionCall,
  overloads: readonly Overload[],
  args: readonly Resolved[],
  bindings: Bindings,
): Resolved {
  const fits = overloads.flatMap((candidate) => fit(candidate, args, bindings) ?? []);
  const best = fits.find(({ exact }) => exact) ?? fits[0];
  if (!best) {
    if (args.some(({ type }) => type.kind === 'NUMERIC'))
      throw unsupported(`${call.name} of NUMERIC`, call.at);
    const supported = overloads
      .map(({ signature }) => `${call.name}(${signature.split(' ->')[0]})`)
      .join('; ');
    throw signatureError(`function ${call.name}`, args, supported, call.at);
  }
  const { values, result, overload } = best;
  // BigQuery computes and returns NUMERIC here.
  const widened = args.find(
    (arg, index) => arg.type.kind === 'NUMERIC' && overload.parameters[index] === 'FLOAT64',
  );
  if (widened && widened.coercible !== 'NULL') throw unsupported(`${call.name} of NUMERIC`, call.at);
  const sql = overload.emit(
    values.map((value) => value.sql),
    values,
    bindings,
  );
  return combined(sql, result, call.at, values);
}

interface Fit {
  readonly overload: Overload;
  readonly values: readonly Resolved[];
  readonly result: DataType;
  readonly exact: boolean;
}

function fit(candidate: Overload, args: readonly Resolved[], bindings: Bindings): Fit[] | undefined {
  const { parameters, optional, repeated } = candidate;
  if (args.length < parameters.length - optional) return undefined;
  if (args.length > parameters.length && !repeated) return undefined;
  const patterns = args.map((_, index) => parameters[index] ?? parameters.at(-1) ?? '');
  const generic = genericType(patterns, args, bindings);
  const values: Resolved[] = [];
  for (const [index, arg] of args.entries()) {
    const pattern = patterns[index] ?? '';
    if (pattern === 'PART' || pattern === 'INTERVAL') {
      if (arg.special?.kind !== pattern) return undefined;
      values.push(arg);
      continue;
    }
    if (pattern === 'ANY') {
      if (arg.special) return undefined;
      values.push(arg);
      continue;
    }
    const type = typeOf(pattern, generic);
    const value = type && coerce(arg, type, bindings);
    if (!value) return undefined;
    values.push(value);
  }
  const result = typeOf(candidate.result, generic);
  if (!result) return undefined;
  const exact = !patterns.includes('ANY') && values.every((value, index) => value.sql === args[index]?.sql);
  return [{ overload: candidate, values, result, exact }];
}

function genericType(
  patterns: readonly string[],
  args: readonly Resolved[],
  bindings: Bindings,
): DataType | undefined {
  const array = args.find((_, index) => patterns[index] === 'ARRAY<T>');
  if (array) {
    const arrays = args.filter((_, index) => patterns[index] === 'ARRAY<T>');
    if (arrays.every(({ coercible }) => coercible === 'NULL')) return scalar('INT64');
    const type = commonType(arrays, bindings);
    return type?.kind === 'ARRAY' ? type.element : undefined;
  }
  return commonType(
    args.filter((_, index) => patterns[index] === 'T'),
    bindings,
  );
}

function typeOf(pattern: string, generic: DataType | undefined): DataType | undefined {
  if (pattern === 'T') return generic;
  if (pattern === 'ARRAY<T>')
    return generic && generic.kind !== 'ARRAY' ? { kind: 'ARRAY', element: generic } : undefined;
  const [, name, kind = ''] = /^ARRAY<STRUCT<value T, (\w+) (\w+)>>$/.exec(pattern) ?? [];
  if (name !== undefined) {
    const fields = generic && [
      { name: 'value', type: generic },
      { name, type: known(kind) },
    ];
    return fields && { kind: 'ARRAY', element: { kind: 'STRUCT', fields } };
  }
  const array = /^ARRAY<(.*)>$/.exec(pattern)?.[1];
  if (array) return { kind: 'ARRAY', element: known(array) };
  return known(pattern);
}

function known(name: string): DataType {
  const kind: ScalarKind | undefined = scalarKindOf(name);
  if (!kind) throw new TypeError(`Unknown type ${name} in a signature`);
  return scalar(kind);
}

/** Calls the DuckDB function `name`, which behaves alike. */
export function same(name: string): Emit {
  return (args) => `${name}(${args.join(', ')})`;
}

import { unsupported } from '../../errors.ts';
import { type DataType, type ScalarKind, sameType, scalar, scalarKindOf } from '../../types.ts';
import type { FunctionCall } from '../ast.ts';
import type { Bindings } from '../bindings.ts';
import { coerce, commonType, exactly, signatureError } from '../coercion.ts';
import { combined, type Resolved } from '../resolved.ts';
import type { Overload, Parameter } from './table.ts';

/** Picks the first overload that fits without coercion, else the first of those with the fewest coercions. */
export function applyOverloads(
  call: FunctionCall,
  overloads: readonly Overload[],
  args: readonly Resolved[],
  bindings: Bindings,
): Resolved {
  const fits = overloads.flatMap((candidate) => fit(candidate, args, bindings) ?? []);
  const best = fits.toSorted((a, b) => a.coerced - b.coerced)[0];
  if (!best) throw misfit(call, overloads, args);
  const { values, result, overload } = best;
  // BigQuery computes and returns NUMERIC or BIGNUMERIC here.
  const widened = best.places.find(({ arg, pattern }) => pattern === 'FLOAT64' && isDecimal(arg))?.arg;
  if (widened) throw unsupported(`${call.name} of ${widened.type.kind}`, call.at);
  for (const { arg, index } of best.places) {
    const type = values[index]?.type;
    if (type) exactly(arg, type, bindings);
  }
  const sql = overload.emit(
    values.map((value) => value.sql),
    values,
    bindings,
  );
  return combined(
    sql,
    result,
    call.at,
    values.filter((value) => value !== undefined),
  );
}

const isDecimal = ({ type, coercible }: Resolved) =>
  (type.kind === 'NUMERIC' || type.kind === 'BIGNUMERIC') && coercible !== 'NULL';

function misfit(call: FunctionCall, overloads: readonly Overload[], args: readonly Resolved[]) {
  const decimal = args.find(isDecimal);
  if (decimal) return unsupported(`${call.name} of ${decimal.type.kind}`, call.at);
  const supported = overloads.map(({ signature }) => `${call.name}(${signature.split(' ->')[0]})`).join('; ');
  return signatureError(`function ${call.name}`, args, supported, call.at);
}

interface Fit {
  readonly overload: Overload;
  readonly places: readonly Place[];
  /** In the order of the parameters, with a hole for each that is omitted. */
  readonly values: readonly Resolved[];
  readonly result: DataType;
  /** Number of arguments that are coerced, or of a type of their own. */
  readonly coerced: number;
}

/** An argument at the index of its parameter. */
interface Place {
  readonly arg: Resolved;
  readonly pattern: string;
  readonly index: number;
}

/** Undefined when the arguments do not fit the parameters. */
function placed(parameters: readonly Parameter[], args: readonly Resolved[]): Place[] | undefined {
  const places: Place[] = [];
  let next = 0;
  for (const arg of args) {
    const { argument } = arg;
    if (argument === undefined) while (parameters[next]?.isNamedOnly) next += 1;
    const index =
      argument === undefined ? next : parameters.findIndex(({ name }) => name?.toLowerCase() === argument);
    const last = parameters.at(-1);
    const parameter = parameters[index] ?? (argument === undefined && last?.isRepeated ? last : undefined);
    if (!parameter || places.some((place) => place.index === index)) return undefined;
    places.push({ arg, pattern: parameter.type, index });
    if (argument === undefined) next += 1;
  }
  const isMissing = parameters.some(
    ({ isOptional }, at) => !isOptional && !places.some(({ index }) => index === at),
  );
  return isMissing ? undefined : places;
}

function fit(candidate: Overload, args: readonly Resolved[], bindings: Bindings): Fit[] | undefined {
  const places = placed(candidate.parameters, args);
  if (!places) return undefined;
  const generic = genericType(places, bindings);
  const values: Resolved[] = [];
  let coerced = 0;
  for (const { arg, pattern, index } of places) {
    const value = converted(arg, pattern, generic, bindings);
    if (candidate.isExact && value && arg.coercible !== 'NULL' && !sameType(arg.type, value.type))
      return undefined;
    if (candidate.takesNoText && arg.type.kind === 'STRING' && value && value.type.kind !== 'STRING')
      return undefined;
    // A literal FLOAT64 is a NUMERIC only beside one.
    const isFloat = /NUMERIC$/.test(pattern) && arg.type.kind === 'FLOAT64';
    if (!value || (isFloat && !args.some(isDecimal))) return undefined;
    values[index] = value;
    // A NUMERIC stays exact where it can.
    if (pattern === 'FLOAT64' && isDecimal(arg)) coerced += 1;
    if (pattern === 'ANY' || value.sql !== arg.sql) coerced += 1;
  }
  const result = typeOf(candidate.result, generic);
  return result && [{ overload: candidate, places, values, result, coerced }];
}

function converted(
  arg: Resolved,
  pattern: string,
  generic: DataType | undefined,
  bindings: Bindings,
): Resolved | undefined {
  if (pattern === 'PART') return arg.special ? arg : undefined;
  if (pattern === 'STEP') return arg.step && { ...arg.step.count, special: { part: arg.step.part } };
  if (pattern === 'ANY') return arg.special ? undefined : arg;
  const type = typeOf(pattern, generic);
  return type && coerce(arg, type, bindings);
}

/** The type that `T` is. */
function genericType(places: readonly Place[], bindings: Bindings): DataType | undefined {
  const of = (wanted: string) => places.flatMap(({ arg, pattern }) => (pattern === wanted ? [arg] : []));
  const arrays = of('ARRAY<T>');
  if (arrays.length === 0) return commonType(of('T'), bindings);
  if (arrays.every(({ coercible }) => coercible === 'NULL')) return scalar('INT64');
  const type = commonType(arrays, bindings);
  return type?.kind === 'ARRAY' ? type.element : undefined;
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

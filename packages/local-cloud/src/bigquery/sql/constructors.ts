import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, scalar, typeName } from '../types.ts';
import type { NamedExpression } from './ast.ts';
import type { Site } from './bindings.ts';
import { arrayOf, coerce, commonType, exactly, signatureError } from './coercion.ts';
import { whenAsked } from './let.ts';
import { compare } from './operators.ts';
import { combined, type Resolved } from './resolved.ts';
import { impliedName, structOf } from './struct.ts';

/** CASE, and the constructors of ARRAY and STRUCT. */

interface Branches {
  readonly operand: Resolved | undefined;
  readonly conditions: readonly Resolved[];
  readonly results: readonly Resolved[];
  readonly otherwise: Resolved | undefined;
}

export function caseOf({ operand, conditions, results: then, otherwise }: Branches, site: Site): Resolved {
  const { at, bindings } = site;
  const compared = operand && { ...operand, sql: whenAsked(operand) };
  const tests = conditions.map((condition) => {
    if (compared) return compare('=', compared, condition, { ...site, at: condition.at });
    const bool = coerce(condition, scalar('BOOL'), bindings);
    if (bool) return bool;
    throw invalidQuery(`CASE condition must be BOOL, but is ${typeName(condition.type)}`, condition.at);
  });
  const results = otherwise ? [...then, otherwise] : then;
  const type = commonType(results, bindings);
  const values = type ? results.flatMap((result) => exactly(result, type, bindings) ?? []) : [];
  if (!type || values.length < results.length)
    throw signatureError('operator CASE', results, 'CASE WHEN BOOL THEN ANY ELSE ANY END', at);
  const branches = tests.map((test, index) => `WHEN ${whenAsked(test)} THEN ${values[index]?.sql}`);
  const rest = otherwise ? ` ELSE ${values.at(-1)?.sql}` : '';
  return combined(`(CASE ${branches.join(' ')}${rest} END)`, type, at, [...tests, ...values]);
}

export function arrayLiteral(
  values: readonly Resolved[],
  elementType: DataType | undefined,
  { at, bindings }: Site,
): Resolved {
  const type =
    elementType ?? commonType(values, bindings) ?? (values.length === 0 ? scalar('INT64') : undefined);
  if (!type) throw invalidQuery('Array elements of types that have no common supertype', at);
  if (type.kind === 'ARRAY')
    throw invalidQuery(
      'Cannot construct array with element type ARRAY because nested arrays are not supported',
      at,
    );
  const converted = values.map((value) => {
    const element = exactly(value, type, bindings);
    if (!element)
      throw invalidQuery(
        `Array element type ${typeName(value.type)} does not coerce to ${typeName(type)}`,
        value.at,
      );
    return element;
  });
  const array = arrayOf(converted, type, at);
  return elementType && array.coercible ? combined(array.sql, array.type, at) : array;
}

export function structLiteral(
  values: readonly Resolved[],
  fields: readonly NamedExpression[],
  type: DataType | undefined,
  { at, bindings }: Site,
): Resolved {
  if (type?.kind === 'STRUCT' && type.fields.length !== values.length)
    throw invalidQuery(
      `STRUCT type has ${type.fields.length} fields but constructor call has ${values.length} fields`,
      at,
    );
  if (values.length === 0) throw unsupported('A STRUCT without fields', at);
  const converted = values.map((value, index) => {
    const target = type?.kind === 'STRUCT' ? type.fields[index]?.type : undefined;
    if (!target) return value;
    const field = coerce(value, target, bindings);
    if (!field)
      throw invalidQuery(
        `Struct field ${index + 1} has type ${typeName(value.type)} which does not coerce to ${typeName(target)}`,
        value.at,
      );
    return field;
  });
  const structType: DataType = type ?? {
    kind: 'STRUCT',
    fields: fields.map(({ name, value }, index) => ({
      name: name?.text ?? impliedName(value),
      type: converted[index]?.type ?? scalar('INT64'),
    })),
  };
  const struct = structOf(converted, structType, at);
  // The fields of a type that is written are coerced no further.
  return type ? combined(struct.sql, type, at, [struct]) : struct;
}

import { invalidQuery, type Position } from '../errors.ts';
import { scalar, typeName } from '../types.ts';
import type { ElementMode } from './ast.ts';
import type { Site } from './bindings.ts';
import { coerce } from './coercion.ts';
import { jsonItem, jsonMember } from './functions/json-text.ts';
import { failure, strict } from './let.ts';
import { combined, type Resolved } from './resolved.ts';
import { fieldAt } from './scope.ts';

/** `value[key]` */

export function arrayElement(
  array: Resolved,
  key: Resolved,
  mode: ElementMode,
  { at, bindings }: Site,
): Resolved {
  const position = coerce(key, scalar('INT64'), bindings);
  if (array.type.kind !== 'ARRAY' || !position)
    throw invalidQuery(
      `Subscript access using [INT64] is not supported on values of type ${typeName(array.type)}`,
      at,
    );
  const first = mode.endsWith('ORDINAL') ? 1 : 0;
  const sql = strict([array.sql, position.sql], (list, i) => {
    const outside = mode.startsWith('SAFE')
      ? 'NULL'
      : failure('Array index ', `${i} || ' is out of bounds (overflow)'`);
    return `CASE WHEN ${i} < ${first} OR ${i} >= len(${list}) + ${first} THEN ${outside} ELSE ${list}[${i} + ${1 - first}] END`;
  });
  return combined(sql.startsWith('CASE') ? `(${sql})` : sql, array.type.element, at, [array, position]);
}

/** A field by its place, which is a literal. */
export function structElement(struct: Resolved, key: Resolved, mode: ElementMode, at: Position): Resolved {
  const size = struct.type.kind === 'STRUCT' ? struct.type.fields.length : 0;
  if (typeof key.constant !== 'bigint' || mode.startsWith('SAFE'))
    throw invalidQuery(
      'The position of a field of a STRUCT must be a literal INT64, OFFSET or ORDINAL',
      key.at,
    );
  const place = Number(key.constant) - (mode === 'ORDINAL' ? 1 : 0);
  if (place < 0 || place >= size)
    throw invalidQuery(`Field position ${key.constant} is out of bounds of ${typeName(struct.type)}`, key.at);
  return { ...fieldAt(struct, place), at };
}

/** A name reads a member, a number an item. */
export function jsonElement(
  json: Resolved,
  key: Resolved,
  _mode: ElementMode,
  { at, bindings }: Site,
): Resolved {
  const isName = key.type.kind === 'STRING';
  const place = coerce(key, scalar(isName ? 'STRING' : 'INT64'), bindings);
  if (!place)
    throw invalidQuery(
      `Subscript access using [${typeName(key.type)}] is not supported on values of type JSON`,
      at,
    );
  const call = isName ? jsonMember : jsonItem;
  return combined(call([json.sql, place.sql]), json.type, at, [json, place]);
}

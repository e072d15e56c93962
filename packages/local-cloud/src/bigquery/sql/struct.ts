import type { Position } from '../errors.ts';
import { type DataType, structKey } from '../types.ts';
import type { Expression } from './ast.ts';
import { combined, type Resolved } from './resolved.ts';

/** A STRUCT of the values, in the order of the type's fields. */
export function structOf(values: readonly Resolved[], type: DataType, at: Position): Resolved {
  const entries = values.map(({ sql }, index) => `${structKey(index)} := ${sql}`);
  return combined(`struct_pack(${entries.join(', ')})`, type, at, values, { elements: values });
}

/** The name of a column without an alias: a column or field keeps its own, everything else has none. */
export function impliedName(value: Expression): string {
  if (value.node === 'path') return value.parts.at(-1)?.text ?? '';
  return value.node === 'field' ? value.name.text : '';
}

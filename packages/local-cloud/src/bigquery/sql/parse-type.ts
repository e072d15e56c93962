import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, type ScalarKind, type StructField, scalar, scalarKindOf } from '../types.ts';
import type { Cursor } from './cursor.ts';

/** `STRING`, `ARRAY<INT64>`, `STRUCT<a INT64, b ARRAY<STRING>>`. Throws for unsupported types. */
export function parseType(cursor: Cursor): DataType {
  return cursor.nested(() => {
    const { at } = cursor;
    if (cursor.acceptKeyword('ARRAY')) {
      cursor.expectSymbol('<');
      const element = parseType(cursor);
      cursor.expectSymbol('>');
      if (element.kind === 'ARRAY') throw unsupported('An array of arrays', at);
      return { kind: 'ARRAY', element };
    }
    if (cursor.acceptKeyword('STRUCT')) {
      cursor.expectSymbol('<');
      const fields = cursor.isSymbol('>') ? [] : cursor.list(() => structField(cursor));
      cursor.expectSymbol('>');
      return { kind: 'STRUCT', fields };
    }
    const kind = parseScalarKind(cursor);
    if (cursor.isSymbol('(')) throw unsupported(`Type ${kind} with parameters`, at);
    return scalar(kind);
  });
}

export function parseScalarKind(cursor: Cursor): ScalarKind {
  const { at } = cursor;
  const { text } = cursor.fieldName();
  if (/^range$/i.test(text) && cursor.acceptSymbol('<')) {
    const element = parseScalarKind(cursor);
    cursor.expectSymbol('>');
    const range = scalarKindOf(`RANGE<${element}>`);
    if (range) return range;
    throw invalidQuery(
      `RANGE<${element}> is not a type: the element must be a DATE, DATETIME or TIMESTAMP`,
      at,
    );
  }
  const kind = scalarKindOf(text);
  if (!kind) throw unsupported(`Type ${text.toUpperCase()}`, at);
  return kind;
}

function structField(cursor: Cursor): StructField {
  const next = cursor.peek(1);
  const unnamed = next.kind === 'symbol';
  const name = unnamed ? '' : cursor.fieldName().text;
  return { name, type: parseType(cursor) };
}

import { invalid, invalidQuery, unsupported } from '../errors.ts';
import { assertFieldName, assertNotReserved } from '../names.ts';
import { type Field, fieldOfType, restType } from '../types.ts';
import type { ResolvedQuery } from './relation.ts';
import { repeated } from './scope.ts';
import type { ColumnDefinition, ColumnType, OptionSetting } from './statements.ts';

/** Columns of a result. Columns without a name become `f0_`, `f1_`, … */
export function resultFields({ outputs }: ResolvedQuery): Field[] {
  let anonymous = 0;
  const fields = outputs.map(({ name, value: { type } }) => {
    assertNotReserved(name);
    if (name) return fieldOfType(name, type);
    anonymous += 1;
    return fieldOfType(`f${anonymous - 1}_`, type);
  });
  const twice = repeated(fields.map(({ name }) => name));
  if (twice === undefined) return fields;
  throw invalidQuery(`Duplicate column names in the result are not supported. Found duplicate(s): ${twice}`);
}

export function createdFields(query: ResolvedQuery): Field[] {
  const unnamed = query.outputs.findIndex(({ name }) => name === '');
  if (unnamed >= 0)
    throw invalidQuery(`CREATE TABLE columns must be named, but column ${unnamed + 1} has no name`);
  const fields = resultFields(query);
  for (const { name } of fields) assertFieldName(name);
  return fields;
}

/** A column of CREATE TABLE or ALTER TABLE. */
export function definedField({ name, type, required, options }: ColumnDefinition): Field {
  assertFieldName(name.text);
  const field = { name: name.text, ...typedField(type), ...columnDescription(options) };
  if (!required) return field;
  if (field.mode === 'REPEATED') throw invalid(`Column ${name.text} is an array and cannot be NOT NULL`);
  return { ...field, mode: 'REQUIRED' };
}

function typedField(type: ColumnType): Omit<Field, 'name'> {
  if (type.kind === 'ARRAY') return { ...typedField(type.element), mode: 'REPEATED' };
  const mode = 'NULLABLE';
  if (type.kind === 'STRUCT') return { type: 'RECORD', mode, fields: type.fields.map(definedField) };
  const { kind, parameters, at } = type;
  if (parameters.length === 0) return { ...restType(kind), mode };
  const isText = kind === 'STRING' || kind === 'BYTES';
  if ((!isText && kind !== 'NUMERIC') || parameters.length > (isText ? 1 : 2))
    throw invalidQuery(`${kind} does not support ${parameters.length} type parameters`, at);
  const [first, scale] = parameters;
  const given = isText ? { maxLength: first } : { precision: first, ...(scale && { scale }) };
  return { type: kind, mode, ...given } as Omit<Field, 'name'>;
}

/** The options of a column: a description, which is a literal. */
export function columnDescription(options: readonly OptionSetting[]): { description?: string } {
  let description: string | undefined;
  for (const { name, value } of options) {
    const isText = value.node === 'literal' && value.literal.kind === 'STRING';
    if (name.text.toLowerCase() !== 'description' || !isText)
      throw unsupported(`Option ${name.text} of a column`, name.at);
    description = value.literal.kind === 'STRING' ? value.literal.text : undefined;
  }
  return description ? { description } : {};
}

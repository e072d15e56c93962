import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { fromPointer } from '../input-paths.ts';
import { describeMistake } from '../schema-mistakes.ts';

const Column = Type.Recursive((This) =>
  Type.Object({
    name: Type.String(),
    type: Type.String(),
    mode: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    fields: Type.Optional(Type.Array(This)),
  }),
);
export type Column = Static<typeof Column>;

const Columns = Type.Array(Column);

/** The columns in a table's `schema`, or what is wrong with it. */
export function parseSchema(schema: string | undefined): Column[] | string {
  if (schema === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(schema);
  } catch (error) {
    return `must be JSON: ${error instanceof Error ? error.message : error}`;
  }
  const mistake = Value.Errors(Columns, value).First();
  if (!mistake) return value as Column[];
  const where = fromPointer(mistake.path);
  return `must be a JSON list of columns with a name and a type: ${where} ${describeMistake(mistake)}`;
}

/** The names of columns of `old` that `next` lacks. */
export function goneColumns(old: readonly Column[], next: readonly Column[]): string[] {
  const names = new Set(next.map(({ name }) => name.toLowerCase()));
  return old.map(({ name }) => name).filter((name) => !names.has(name.toLowerCase()));
}

/**
 * Why a table cannot take the new columns and keep its rows; undefined when it can. BigQuery adds columns that may be
 * empty, relaxes REQUIRED, and changes descriptions.
 * https://docs.cloud.google.com/bigquery/docs/managing-table-schemas
 */
export function incompatibleChange(
  old: readonly Column[],
  next: readonly Column[],
  prefix = '',
): string | undefined {
  const nextByName = new Map(next.map((column) => [column.name.toLowerCase(), column]));
  for (const column of old) {
    const name = `${prefix}${column.name}`;
    const successor = nextByName.get(column.name.toLowerCase());
    if (!successor) return `column ${name} is gone`;
    if (typeOf(column) !== typeOf(successor)) {
      return `column ${name} changes from ${typeOf(column)} to ${typeOf(successor)}`;
    }
    const [from, to] = [modeOf(column), modeOf(successor)];
    if (from !== to && !(from === 'REQUIRED' && to === 'NULLABLE')) {
      return `column ${name} changes from ${from} to ${to}`;
    }
    const nested = incompatibleChange(column.fields ?? [], successor.fields ?? [], `${name}.`);
    if (nested) return nested;
  }
  const oldNames = new Set(old.map(({ name }) => name.toLowerCase()));
  const added = next.find(
    (column) => !oldNames.has(column.name.toLowerCase()) && modeOf(column) === 'REQUIRED',
  );
  return added && `column ${prefix}${added.name} is new and REQUIRED, and existing rows have no value for it`;
}

const ALIASES: Readonly<Record<string, string>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
};

function typeOf({ type }: Column): string {
  const name = type.toUpperCase();
  return ALIASES[name] ?? name;
}

function modeOf({ mode }: Column): string {
  return mode?.toUpperCase() ?? 'NULLABLE';
}

import type { Cell, Row } from './cells.ts';
import { invalid } from './errors.ts';
import type { Field } from './types.ts';

/**
 * Those of the columns that `selected` names, in their own order: `name`, or `address.city` for a field inside a RECORD,
 * separated by commas. All of them without it. Throws INVALID_ARGUMENT for an unknown name.
 */
export function selectedColumns(
  fields: readonly Field[],
  selected: string | undefined,
  table: string,
): readonly Field[] {
  if (!selected) return fields;
  return selectedOf(
    fields,
    selected.split(',').map((path) => path.trim().split('.')),
    table,
    '',
  );
}

function selectedOf(
  fields: readonly Field[],
  paths: readonly (readonly string[])[],
  table: string,
  prefix: string,
): Field[] {
  const isNamed = (field: Field, [name = '']: readonly string[]) =>
    field.name.toLowerCase() === name.toLowerCase();
  const unknown = paths.find((path) => !fields.some((field) => isNamed(field, path)));
  if (unknown) throw invalid(`Field ${prefix}${unknown[0]} cannot be found in table ${table}`);
  return fields.flatMap((field) => {
    const inner = paths.filter((path) => isNamed(field, path)).map((path) => path.slice(1));
    if (inner.length === 0) return [];
    if (inner.some((path) => path.length === 0)) return [field];
    return [{ ...field, fields: selectedOf(field.fields ?? [], inner, table, `${prefix}${field.name}.`) }];
  });
}

/** The selected cells of a row that has all fields of its columns. */
export function selectedCells(row: Row, fields: readonly Field[], selected: readonly Field[]): Row {
  if (fields.every((field, index) => field === selected[index])) return row;
  const cells = new Map(
    fields.map((field, index) => [field.name, { field, value: row.f[index]?.v ?? null }]),
  );
  return {
    f: selected.map((wanted) => {
      const { field, value = null } = cells.get(wanted.name) ?? {};
      return { v: field === wanted ? value : insideOf(value, field?.fields ?? [], wanted.fields ?? []) };
    }),
  };
}

function insideOf(cell: Cell, fields: readonly Field[], selected: readonly Field[]): Cell {
  if (cell === null || typeof cell === 'string') return cell;
  if ('f' in cell) return selectedCells(cell, fields, selected);
  return cell.map(({ v }) => ({ v: insideOf(v, fields, selected) }));
}

import type { Table } from './catalog.ts';
import { invalidQuery, tableName } from './errors.ts';
import type { SchemaChange } from './schema.ts';
import type { TableAlteration } from './sql/translate-ddl.ts';
import type { Field } from './types.ts';

/** The columns of a table after ALTER TABLE, and what changes in DuckDB. Throws for a missing or a taken name. */
export function alteredSchema(
  table: Pick<Table, 'reference' | 'fields' | 'properties'>,
  changes: readonly TableAlteration[],
): { readonly fields: readonly Field[]; readonly change: SchemaChange } {
  const name = tableName(table.reference);
  const added: Field[] = [];
  const relaxed: string[] = [];
  const dropped: string[] = [];
  const renamed: { from: string; to: string }[] = [];
  let fields = [...table.fields];
  const find = (column: string) => fields.find((field) => field.name.toLowerCase() === column.toLowerCase());
  const replace = (field: Field, next: Field) => {
    fields = fields.map((other) => (other === field ? next : other));
  };
  for (const change of changes) {
    if (change.change === 'SET OPTIONS' || change.change === 'RENAME TO') continue;
    if (change.change === 'ADD COLUMN') {
      const { column: field, ifNotExists } = change;
      if (find(field.name)) {
        if (ifNotExists) continue;
        throw invalidQuery(`Column already exists: ${field.name}`);
      }
      if (field.mode === 'REQUIRED') {
        throw invalidQuery(`Cannot add required columns to an existing schema. (field: ${field.name})`);
      }
      fields.push(field);
      added.push(field);
      continue;
    }
    const field = find(change.name);
    if (!field) {
      if (change.ifExists) continue;
      throw invalidQuery(`Column not found: ${change.name} in table ${name}`);
    }
    switch (change.change) {
      case 'DROP COLUMN':
        if (fields.length === 1) throw invalidQuery(`Cannot drop the only column of table ${name}`);
        fields = fields.filter((other) => other !== field);
        dropped.push(field.name);
        break;
      case 'RENAME COLUMN':
        if (find(change.to)) throw invalidQuery(`Column already exists: ${change.to}`);
        replace(field, { ...field, name: change.to });
        renamed.push({ from: field.name, to: change.to });
        break;
      case 'DROP NOT NULL':
        if (field.mode !== 'REQUIRED') {
          throw invalidQuery(`Column ${field.name} of table ${name} does not have a NOT NULL constraint`);
        }
        replace(field, { ...field, mode: 'NULLABLE' });
        relaxed.push(field.name);
        break;
      case 'SET COLUMN OPTIONS': {
        const { description: _, ...plain } = field;
        replace(field, { ...plain, ...(change.description && { description: change.description }) });
      }
    }
  }
  return { fields, change: { added, relaxed, dropped, renamed } };
}

import type { Table } from './catalog.ts';
import { invalid, tableName } from './errors.ts';
import { isObject } from './row-values.ts';

export type TableKind = 'TABLE' | 'VIEW' | 'SNAPSHOT';

export function kindOf({ properties }: Pick<Table, 'properties'>): TableKind {
  if (properties.snapshotDefinition) return 'SNAPSHOT';
  return properties.view ? 'VIEW' : 'TABLE';
}

/** Throws INVALID_ARGUMENT for a table whose rows nobody may change. */
export function assertWritable(table: Pick<Table, 'reference' | 'properties'>): void {
  const kind = kindOf(table);
  if (kind === 'TABLE') return;
  throw invalid(
    `${tableName(table.reference)} is not allowed for this operation because it is currently a ${kind}.`,
  );
}

/** The query of a view; undefined for another table. */
export function viewOf({ properties }: Pick<Table, 'properties'>): { readonly query: string } | undefined {
  const { view } = properties;
  return isObject(view) && typeof view.query === 'string' ? { query: view.query } : undefined;
}

import { COLUMN_NAMES } from '@records/records-schema';
import type { Cells } from './warehouse.ts';

/** A row of BigQuery's REST API: cells in the order of the selected columns, every value as text. */
export interface RawRow {
  readonly f: readonly { readonly v: string | null }[];
}

export function recordJson(row: RawRow): string {
  return cellsJson(cellsOf(row));
}

export function cellsOf({ f }: RawRow): Cells {
  return f.map(({ v }) => v);
}

const PREFIXES = COLUMN_NAMES.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);

/** A record as JSON text, not validated: an unchecked row that breaks the rules of a record must not stop the list. */
export function cellsJson(cells: Cells): string {
  let json = '';
  for (let index = 0; index < PREFIXES.length; index++) {
    json += PREFIXES[index] + JSON.stringify(cells[index] ?? null);
  }
  return `${json}}`;
}

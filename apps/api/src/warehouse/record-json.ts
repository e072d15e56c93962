import { COLUMN_NAMES } from '@records/records-schema';

/** A row as BigQuery's REST API sends it: cells in the order of the selected columns, every value as text. */
export interface RawRow {
  readonly f: readonly { readonly v: string | null }[];
}

const PREFIXES = COLUMN_NAMES.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);

/**
 * A record as JSON text, straight from the cells. Serialises and does not judge: a row that breaks the rules of a
 * record was stored by somebody, and the list must not stop at it.
 */
export function recordJson({ f: cells }: RawRow): string {
  let json = '';
  for (let index = 0; index < PREFIXES.length; index++) {
    json += PREFIXES[index] + JSON.stringify(cells[index]?.v ?? null);
  }
  return `${json}}`;
}

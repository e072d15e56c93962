import { COLUMN_NAMES } from '@records/records-schema';
import { quoteTableName, type TableName } from '@records/runtime';

/** Every statement that the API sends. Callers' input travels only in `@parameters`. */
export interface Queries {
  /** Returns every record, ordered by id. Scans the table. */
  readonly snapshot: string;
  /** Returns the records whose id is in `@ids`. */
  readonly records: string;
}

/**
 * Delivery is at least once, so an id can have several rows. Lists and lookups both take the first one by the other columns,
 * which does not depend on the order of the table.
 */
export function buildQueries(table: TableName): Queries {
  const columns = COLUMN_NAMES.join(', ');
  const tieBreak = COLUMN_NAMES.filter((name) => name !== 'id').join(', ');
  const select = `SELECT ${columns} FROM ${quoteTableName(table)}`;
  const once = `QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY ${tieBreak}) = 1`;
  return {
    snapshot: `${select} ${once} ORDER BY id`,
    records: `${select} WHERE id IN UNNEST(@ids) ${once}`,
  };
}

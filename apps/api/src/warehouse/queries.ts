import { COLUMN_NAMES } from '@records/records-schema';
import { quoteTableName, type TableName } from '@records/runtime';

/** Every statement that the API sends. What a caller says travels in `@parameters` only. */
export interface Queries {
  /** → the columns of every record, ordered by id. One scan. */
  readonly snapshot: string;
  /** `@ids` → the columns of the records that have one of these ids. */
  readonly records: string;
}

/**
 * Delivery is at least once, so an id can be stored more than once: the first row by the other columns stands for it,
 * in the list and in a look-up alike, whatever order the table is read in.
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

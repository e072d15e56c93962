import { COLUMN_NAMES } from '@records/records-schema';
import { quoteTableName, type TableName } from './table-name.ts';

/** Every statement that the API sends. What a caller says travels in `@parameters` only. */
export interface Queries {
  /** `@limit`, `@offset` → the columns and the number of records in all. One scan. */
  readonly page: string;
  /** → `total`: what `page` can not say when it returns no row. */
  readonly count: string;
  /** `@id` → the columns of one row at most. */
  readonly record: string;
}

/**
 * Delivery is at least once, so an id can be stored more than once: the first row by the other columns stands for it,
 * in the list and in a look-up alike, whatever order the table is read in.
 */
export function buildQueries(table: TableName): Queries {
  const columns = COLUMN_NAMES.join(', ');
  const tieBreak = COLUMN_NAMES.filter((name) => name !== 'id').join(', ');
  const from = `FROM ${quoteTableName(table)}`;
  return {
    page: `
WITH records AS (
  SELECT ${columns}
  ${from}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY ${tieBreak}) = 1
)
SELECT ${columns}, COUNT(*) OVER () AS total
FROM records
ORDER BY id
LIMIT @limit OFFSET @offset`.trim(),
    count: `SELECT COUNT(DISTINCT id) AS total ${from}`,
    record: `SELECT ${columns} ${from} WHERE id = @id ORDER BY ${tieBreak} LIMIT 1`,
  };
}

import { bigQueryColumns } from './bigquery.ts';
import { COLUMN_NAMES } from './record.ts';

const [ID, ...OTHERS] = COLUMN_NAMES;
const COLUMNS = COLUMN_NAMES.map((name) => `r.${name}`).join(', ');

/** The parts of a query of rows, in GoogleSQL. They call the rows `r`. */
export interface Reading {
  /** A table in back-ticks, or what else FROM takes. */
  readonly from: string;
  /** By default the columns of a record. */
  readonly select?: string;
  readonly where?: string;
}

/**
 * One row per id, the only definition of it: delivery is at least once, so an id can have several rows. The first one by the other
 * columns represents it, which does not depend on the order of the table. The API's lists, deltas and look-ups and the analysts' view all use this text.
 */
export function onePerId({ from, select = COLUMNS, where }: Reading): string {
  const condition = where === undefined ? '' : ` WHERE ${where}`;
  const order = OTHERS.map((name) => `r.${name}`).join(', ');
  return `SELECT ${select} FROM ${from} AS r${condition} QUALIFY ROW_NUMBER() OVER (PARTITION BY r.${ID} ORDER BY ${order}) = 1`;
}

/** The ids whose rows differ, and how many different rows each has. `from`: as in Reading. */
export function conflictingIds(from: string): string {
  return `SELECT ${ID}, COUNT(*) AS versions FROM (SELECT DISTINCT ${COLUMNS} FROM ${from} AS r) GROUP BY ${ID} HAVING COUNT(*) > 1`;
}

// BigQuery has no REQUIRED columns in views.

/** The columns of `onePerId`, as BigQuery describes those of a view. */
export const viewColumns = bigQueryColumns.map((column) => ({ ...column, mode: 'NULLABLE' }));

/** The columns of `conflictingIds`. */
export const conflictColumns = [
  ...viewColumns.slice(0, 1),
  {
    name: 'versions',
    type: 'INTEGER',
    mode: 'NULLABLE',
    description: 'Number of different rows with this id.',
  },
];

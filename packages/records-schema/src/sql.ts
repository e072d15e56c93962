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

/** The key of an id in the table of amendments, as `amendmentKey` computes it. */
export function amendmentKeyOf(id: string): string {
  return `TO_HEX(SHA256(${id}))`;
}

const KEY = amendmentKeyOf(`r.${ID}`);

/**
 * Rows of one per id as readers get them: without the people who were forgotten, and with what was corrected. The API applies the same
 * rule in memory (`Amendments`, `amendedValues`). `amendments`: their table in back-ticks, which is billed beside `from`.
 */
export function amended({ from, where }: Omit<Reading, 'select'>, amendments: string): string {
  const values = OTHERS.map((name) => `COALESCE(a.${name}, r.${name}) AS ${name}`).join(', ');
  const order = "m.what = 'corrected', m.amended_at DESC";
  const inForce = `SELECT * FROM ${amendments} AS m QUALIFY ROW_NUMBER() OVER (PARTITION BY m.key ORDER BY ${order}) = 1`;
  const rows = `SELECT r.${ID}, ${values}, a.what FROM ${from} AS r LEFT JOIN (${inForce}) AS a ON a.key = ${KEY}`;
  const tests = ["COALESCE(r.what, 'corrected') = 'corrected'", ...(where === undefined ? [] : [where])];
  return `SELECT ${COLUMNS} FROM (${rows}) AS r WHERE ${tests.join(' AND ')}`;
}

/**
 * The ids whose rows differ, and how many different rows each has. `from`: as in Reading. An amendment settles the conflict of its record;
 * `amendments`: their table in back-ticks.
 */
export function conflictingIds(from: string, amendments: string): string {
  const rows = `SELECT DISTINCT ${COLUMNS} FROM ${from} AS r WHERE ${KEY} NOT IN (SELECT key FROM ${amendments})`;
  return `SELECT ${ID}, COUNT(*) AS versions FROM (${rows}) GROUP BY ${ID} HAVING COUNT(*) > 1`;
}

/** Statements on the people who were forgotten. Both tables in back-ticks. */
export function forgottenPeople({
  records,
  amendments,
}: {
  readonly records: string;
  readonly amendments: string;
}) {
  const keys = `SELECT key FROM ${amendments} WHERE what != 'corrected'`;
  const theirs = `FROM ${records} WHERE ${amendmentKeyOf(ID ?? '')} IN (${keys})`;
  return {
    keys,
    /** How many rows of theirs arrived again. Scans one column. */
    count: `SELECT COUNT(*) AS copies ${theirs}`,
    /** Billed as the whole table. */
    delete: `DELETE ${theirs}`,
  };
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

import { amended, COLUMN_NAMES, onePerId } from '@records/records-schema';
import { quoteTableName, type TableName } from '@records/runtime';
import type { RecordFilter } from './warehouse.ts';

/** A longer record is left out of lists, so that a page of them stays far below what one answer may have. Bytes. */
export const MAX_LISTED_BYTES = 16 * 1024;
/** More rows than this do not become a delta. */
export const MAX_DELTA_ROWS = 200_000;
/** `/countries` counts at most this many. */
export const MAX_COUNTRIES = 100_000;

const [ID, ...OTHERS] = COLUMN_NAMES;
const COLUMNS = COLUMN_NAMES.map((name) => `r.${name}`).join(', ');
const ALL = COLUMN_NAMES.join(', ');
const SIZE = COLUMN_NAMES.map((name) => `IFNULL(BYTE_LENGTH(r.${name}), 0)`).join(' + ');
/** A record that is too long keeps its place, and an id to name it by. Every other value of it is NULL. */
const LISTED = [
  `r.${ID}`,
  ...OTHERS.map((name) => `IF(${SIZE} > ${MAX_LISTED_BYTES}, NULL, r.${name}) AS ${name}`),
].join(', ');
/** Eight bytes tell ids apart: of a billion, a new one collides with a probability of 10⁻¹⁰. */
const FINGERPRINT = (id: string) => `SUBSTR(MD5(${id}), 1, 8)`;

/** Every statement that the API sends. Callers' input travels only in `@parameters`. */
export interface Queries {
  /** Counts all rows, deliveries of the same id included. Free of charge. */
  readonly count: string;
  /** Returns the records whose id is in `@ids`. */
  readonly records: string;
  /** A part of the list: from `@lower` on and below `@upper`, ordered by id. `@bounds` names all parts. Scans the table. */
  part(range: { readonly lower: boolean; readonly upper: boolean }): string;
  /** The rows written since `@since` whose ids are in none of these parts, ordered by id. Scans those rows, and the fingerprints of the parts. */
  delta(parts: readonly TableName[]): string;
  /** The records of a part that match, ordered by id. Each field of the filter is a parameter. Scans the part. */
  filter(part: TableName, filter: RecordFilter, isAmended: boolean): string;
  /** The number of records of each country in these parts, largest first. Scans one column. */
  countries(parts: readonly TableName[], isAmended: boolean): string;
}

/** `amendments`: their table, which the queries of amended lists read, too. */
export function buildQueries(table: TableName, amendments?: TableName): Queries {
  const amendedOf = (from: string, where?: string) => {
    if (!amendments) throw new TypeError('an amended list without a table of amendments');
    return amended({ from, ...(where && { where }) }, quoteTableName(amendments));
  };
  const name = quoteTableName(table);
  const union = (parts: readonly TableName[], column: string) =>
    parts.map((part) => `SELECT ${column} FROM ${quoteTableName(part)}`).join(' UNION ALL ');
  return {
    count: `SELECT COUNT(*) FROM ${name}`,
    records: onePerId({ from: name, where: 'r.id IN UNNEST(@ids)' }),
    part({ lower, upper }) {
      const range = [...(lower ? ['r.id >= @lower'] : []), ...(upper ? ['r.id < @upper'] : [])];
      const where = range.length > 0 ? { where: [...range, '@bounds IS NOT NULL'].join(' AND ') } : {};
      const select = `${LISTED}, ${FINGERPRINT('r.id')} AS fingerprint`;
      return `${onePerId({ from: name, select, ...where })} ORDER BY id`;
    },
    delta(parts) {
      const from = `APPENDS(TABLE ${name}, @since, NULL)`;
      const where = `${FINGERPRINT('r.id')} NOT IN (${union(parts, 'fingerprint')})`;
      return `${onePerId({ from, select: LISTED, where })} ORDER BY id LIMIT ${MAX_DELTA_ROWS + 1}`;
    },
    filter(part, filter, isAmended) {
      const where = OTHERS.filter((field) => field in filter)
        .map((field) => `NORMALIZE(r.${field}) IN UNNEST(@${field})`)
        .join(' AND ');
      const from = quoteTableName(part);
      const rows = isAmended ? amendedOf(from, where) : `SELECT ${COLUMNS} FROM ${from} AS r WHERE ${where}`;
      return `${rows} ORDER BY id`;
    },
    countries: (parts, isAmended) =>
      `SELECT pais, COUNT(*) AS records FROM (${isAmended ? amendedOf(`(${union(parts, ALL)})`) : union(parts, 'pais')}) WHERE pais IS NOT NULL GROUP BY pais ORDER BY records DESC, pais LIMIT ${MAX_COUNTRIES + 1}`,
  };
}

import { physicalSql, type Table } from '../catalog.ts';
import { unsupported } from '../errors.ts';
import { COMMIT_TIME, quoteColumn, quoteIdentifier } from '../names.ts';
import { duckType, sameType, typeOfField } from '../types.ts';
import type { TableVersion } from '../versions.ts';
import type { TimeRange } from './resolve-from.ts';

/** A condition on the stored rows of a table. */
export function rangeSql({ start, end }: TimeRange): string {
  const time = quoteIdentifier(COMMIT_TIME);
  const bounds = [
    ...(start ? [`(${start} IS NULL OR ${time} >= ${start})`] : []),
    ...(end ? [`(${end} IS NULL OR ${time} < ${end})`] : []),
  ];
  return bounds.join(' AND ') || 'TRUE';
}

/** The rows that were there at a time, of a table that has only got more since. */
export function rowsUntil(table: Table, time: number): string {
  return `(SELECT * FROM ${physicalSql(table)} WHERE ${quoteIdentifier(COMMIT_TIME)} <= ${timestampSql(time)})`;
}

/** The rows that a table had at a time, which is an expression; `now` is in milliseconds since the epoch. */
export function rowsAsOf(
  table: Table,
  versions: readonly TableVersion[],
  given: string,
  now: number,
): string {
  // Changes within a millisecond have later times than the clock, and now shows them all.
  const time = `(CASE WHEN ${given} >= ${timestampSql(now)} THEN TIMESTAMP 'infinity' ELSE ${given} END)`;
  // Only one of the ranges has the time, which is checked when the query is planned.
  let start = 'TRUE';
  const selects = versions.map((version) => {
    const until = timestampSql(version.until);
    const sql = rowsAt(version.table, table, `${start} AND ${time} < ${until}`, time);
    start = `${time} >= ${until}`;
    return sql;
  });
  selects.push(rowsAt(table, table, start, time));
  return `(${selects.join(' UNION ALL ')})`;
}

/** The rows of a version that were there at a time, in the columns that the table has now. */
function rowsAt(version: Table, current: Table, condition: string, time: string): string {
  const columns = current.fields.map((field) => {
    const own = version.fields.find(({ name }) => name.toLowerCase() === field.name.toLowerCase());
    const type = typeOfField(field);
    if (own && !sameType(typeOfField(own), type))
      throw unsupported(`FOR SYSTEM_TIME AS OF with the column ${field.name}, which had another type,`);
    const value = own ? quoteColumn(own.name) : `CAST(NULL AS ${duckType(type)})`;
    return `${value} AS ${quoteColumn(field.name)}`;
  });
  const committed = `${quoteIdentifier(COMMIT_TIME)} <= ${time}`;
  return `SELECT ${columns.join(', ')} FROM ${physicalSql(version)} WHERE ${condition} AND ${committed}`;
}

/** Of milliseconds since the epoch. */
function timestampSql(milliseconds: number): string {
  return `make_timestamp(${BigInt(Math.floor(milliseconds)) * 1000n}::BIGINT)`;
}

import { physicalSql } from './catalog.ts';
import type { ServiceContext } from './datasets.ts';
import { invalidQuery, tableName } from './errors.ts';
import { readPrepared } from './prepared.ts';
import { columnBytesSql } from './sizes.ts';
import type { Bindings } from './sql/bindings.ts';
import type { TimeRange } from './sql/resolve-from.ts';
import { rangeSql } from './sql/rows-in-time.ts';
import type { TableRead } from './sql/translate.ts';
import { typeOfField } from './types.ts';
import { TIME_TRAVEL_MS } from './versions.ts';

/** The bytes of each column that APPENDS reads: those of the rows in its range. Throws when the range is too old. */
export async function appendedBytes(
  { table, columns }: TableRead,
  range: TimeRange,
  bindings: Bindings,
  { database, clock }: ServiceContext,
): Promise<ReadonlyMap<string, number>> {
  const fields = table.fields.filter(({ name }) => columns.has(name.toLowerCase()));
  const sums = fields.map((field) => columnBytesSql(typeOfField(field), field.name));
  const [start, [, ...bytes]] = await database.read(async (connection) => {
    const bound = `SELECT epoch_ms(${range.start ?? 'NULL::TIMESTAMP'})`;
    const read = `SELECT ${['count(*)', ...sums].join(', ')} FROM ${physicalSql(table)} WHERE ${rangeSql(range)}`;
    const [[time = null] = []] = await readPrepared(connection, bound, bindings);
    const [totals = []] = await readPrepared(connection, read, bindings);
    return [time === null ? table.creationTime : Number(time), totals] as const;
  });
  const earliest = clock.now() - TIME_TRAVEL_MS;
  // A table that was created later has no older rows.
  if (Math.max(start, table.creationTime) < earliest) {
    throw invalidQuery(
      `Invalid start time ${start} for table ${tableName(table.reference)}. Cannot read before ${earliest}`,
    );
  }
  return new Map(fields.map(({ name }, index) => [name.toLowerCase(), Number(bytes[index] ?? 0)]));
}

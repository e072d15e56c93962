import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { nextModification, physicalSql, type Table } from './catalog.ts';
import type { Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import { invalidQuery, tableName } from './errors.ts';
import { readPrepared } from './prepared.ts';
import type { Bindings } from './sql/bindings.ts';
import type { TableRead } from './sql/translate.ts';
import { totalBytes } from './statistics.ts';
import { kindOf } from './table-kind.ts';
import { type TableVersion, TIME_TRAVEL_MS } from './versions.ts';

/** A larger table is not copied before its rows are changed. */
const MAX_COPIED_BYTES = 64 * 1024 ** 2;

/** Call it before rows of a table are updated or deleted, or a column is dropped. */
export async function keepCopy(
  transaction: Transaction,
  table: Table,
  context: ServiceContext,
): Promise<void> {
  const { catalog, clock, statistics } = context;
  const { connection } = transaction;
  const now = clock.now();
  const until = nextModification(table, now);
  const bytes = totalBytes(await statistics.count(connection, table));
  if (!hasHistory(table) || bytes > MAX_COPIED_BYTES) {
    await catalog.versions.lose(transaction, table, until);
    return;
  }
  const copy = { ...table, physicalName: catalog.newPhysicalName() };
  await connection.run(`CREATE TABLE ${physicalSql(copy)} AS SELECT * FROM ${physicalSql(table)}`);
  dropAfter(
    transaction,
    context,
    await catalog.versions.keep(transaction, { table: copy, until, bytes }, now),
  );
}

/** Keeps the rows of a table that leaves the catalog. */
export async function keepDropped(
  transaction: Transaction,
  table: Table,
  context: ServiceContext,
): Promise<void> {
  const { catalog, clock, statistics } = context;
  const now = clock.now();
  const until = nextModification(table, now);
  const bytes = totalBytes(await statistics.count(transaction.connection, table));
  dropAfter(transaction, context, await catalog.versions.keep(transaction, { table, until, bytes }, now));
}

/** Puts a table back that keepDropped has kept. Throws FAILED_PRECONDITION when its rows are gone. */
export async function restoreDropped(
  transaction: Transaction,
  table: Table,
  { catalog }: ServiceContext,
): Promise<void> {
  if (!(await catalog.versions.release(transaction, table))) {
    throw new CloudError(
      'FAILED_PRECONDITION',
      `The local BigQuery keeps only some of the history: the rows of ${tableName(table.reference)} are not kept any more`,
    );
  }
  await catalog.createTable(transaction, table, table.physicalName);
}

/** Whether something is too old to be read or restored. */
export function hasOldHistory({ catalog, clock }: ServiceContext): boolean {
  return catalog.versions.hasOld(clock.now()) || catalog.deleted.hasOld(clock.now());
}

/** Forgets what is too old to be read or restored. */
export async function forgetOldHistory(transaction: Transaction, context: ServiceContext): Promise<void> {
  const { catalog, clock } = context;
  dropAfter(transaction, context, await catalog.versions.prune(transaction, clock.now()));
  await catalog.deleted.prune(transaction, clock.now());
}

/** Tables that expire are gone for good: most hold what can be made again. */
export function hasHistory(table: Table): boolean {
  return kindOf(table) === 'TABLE' && table.properties.expirationTime === undefined;
}

function dropAfter(
  transaction: Transaction,
  { database, statistics }: ServiceContext,
  versions: readonly TableVersion[],
): void {
  transaction.afterCommit(() => {
    for (const { table, bytes } of versions) {
      statistics.invalidate(table);
      database.drop({ schema: 'data', name: table.physicalName }, bytes);
    }
  });
}

/** The version of a table at a time, in milliseconds since the epoch. Throws for a time that cannot be read. */
export function tableAt(
  reference: TableReference,
  current: Table | undefined,
  time: number,
  { catalog, clock }: ServiceContext,
): Table {
  const now = clock.now();
  const refused = (rule: string) =>
    invalidQuery(`Invalid snapshot time ${time} for table ${tableName(reference)}@${time}. ${rule}`);
  if (time > now) throw refused(`Cannot read after ${now}`);
  // A new dataset shows nothing of the tables of a deleted one with its id.
  const began = current?.creationTime ?? catalog.findDataset(reference.datasetId)?.creationTime ?? 0;
  const earliest = Math.max(now - TIME_TRAVEL_MS, began);
  if (time < earliest) throw refused(`Cannot read before ${earliest}`);
  const lost = catalog.versions.lostUntil(reference);
  const version = time < now && catalog.versions.of(reference).find(({ until }) => time < until);
  if (time < Math.min(lost, now)) {
    throw refused(`The local BigQuery keeps only some of the history: it cannot read before ${lost}`);
  }
  const table = version ? version.table : current;
  if (!table || time < table.creationTime) throw refused('The table did not exist');
  return table;
}

/** The bytes of each column that FOR SYSTEM_TIME AS OF reads. */
export async function bytesAsOf(
  read: TableRead,
  time: string,
  bindings: Bindings,
  context: ServiceContext,
): Promise<ReadonlyMap<string, number>> {
  const { database, statistics } = context;
  const [[milliseconds = null] = []] = await database.read((connection) =>
    readPrepared(connection, `SELECT epoch_ms(${time})`, bindings),
  );
  if (milliseconds === null) throw invalidQuery('The time of FOR SYSTEM_TIME AS OF must not be NULL');
  const { reference } = read.table;
  return (await statistics.of(tableAt(reference, read.table, Number(milliseconds), context))).columnBytes;
}

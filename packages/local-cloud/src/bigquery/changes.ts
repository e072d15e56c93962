import { physicalSql } from './catalog.ts';
import { readRows, type Transaction } from './database.ts';
import { invalidQuery } from './errors.ts';
import { quoteColumn } from './names.ts';
import { runPrepared } from './prepared.ts';
import type { Bindings } from './sql/bindings.ts';
import { type DmlTranslation, OPERATION, type RowOperation } from './sql/translate-dml.ts';

/** The rows that a statement changed. */
export type ChangedRows = Readonly<Partial<Record<RowOperation, number>>>;

/** The staged changes of the statement that the writer runs. */
const CHANGES = 'temp.staged_changes';

/** Runs a statement that changes rows. Throws BigQuery's errors and DuckDB's. */
export async function changeRows(
  connection: Transaction['connection'],
  translation: DmlTranslation,
  bindings: Bindings,
): Promise<ChangedRows> {
  const { kind, table } = translation;
  const run = async (sql: string) => (await connection.run(sql)).rowsChanged;
  if (kind === 'insert') return { INSERT: await runPrepared(connection, translation.sql, bindings) };
  if (kind === 'truncate') return { DELETE: await run(`DELETE FROM ${physicalSql(table)}`) };
  await runPrepared(connection, `CREATE TEMP TABLE staged_changes AS ${translation.sql}`, bindings);
  const { operations } = translation;
  if (translation.mayRepeat) await assertChangedOnce(connection, operations);
  const of = (operation: RowOperation) =>
    `${OPERATION} IN (${operations.flatMap((name, index) => (name === operation ? [index] : [])).join(', ')})`;
  const names = table.fields.map(({ name }) => quoteColumn(name));
  const changed: Partial<Record<RowOperation, number>> = {};
  // An UPDATE may move rows, so the deletions come first.
  if (operations.includes('DELETE')) {
    changed.DELETE = await run(
      `DELETE FROM ${physicalSql(table)} WHERE rowid IN (SELECT rid FROM ${CHANGES} WHERE ${of('DELETE')})`,
    );
  }
  if (operations.includes('UPDATE')) {
    const values = names.map((name, index) => `${name} = s.v${index}`);
    changed.UPDATE = await run(
      `UPDATE ${physicalSql(table)} AS t SET ${values.join(', ')} FROM ${CHANGES} AS s WHERE t.rowid = s.rid AND s.${of('UPDATE')}`,
    );
  }
  if (operations.includes('INSERT')) {
    const values = names.map((_, index) => `v${index}`);
    changed.INSERT = await run(
      `INSERT INTO ${physicalSql(table)} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${CHANGES} WHERE ${of('INSERT')}`,
    );
  }
  await connection.run(`DROP TABLE ${CHANGES}`);
  return changed;
}

async function assertChangedOnce(
  connection: Transaction['connection'],
  operations: readonly RowOperation[],
): Promise<void> {
  const changing = operations.flatMap((name, index) => (name === 'INSERT' ? [] : [index]));
  if (changing.length === 0) return;
  const repeated = await readRows(
    connection,
    `SELECT 1 FROM ${CHANGES} WHERE ${OPERATION} IN (${changing.join(', ')}) GROUP BY rid HAVING count(*) > 1 LIMIT 1`,
  );
  if (repeated.length > 0) {
    throw invalidQuery('UPDATE/MERGE must match at most one source row for each target row');
  }
}

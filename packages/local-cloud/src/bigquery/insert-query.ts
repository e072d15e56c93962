import { physicalSql } from './catalog.ts';
import type { Transaction } from './database.ts';
import type { StagedTable } from './destinations.ts';
import { quoteColumn } from './names.ts';
import { runPrepared } from './prepared.ts';
import type { Bindings } from './sql/bindings.ts';

/** Inserts the rows of a query, whose columns are `c0`, `c1`, …, into all columns of a table. */
export async function insertQuery(
  connection: Transaction['connection'],
  table: StagedTable,
  sql: string,
  bindings: Bindings,
): Promise<void> {
  const { fields } = table;
  const names = fields.map(({ name }) => quoteColumn(name)).join(', ');
  // BigQuery stores a NULL array as an empty one.
  const values = fields.map(({ mode }, index) =>
    mode === 'REPEATED' ? `coalesce(c${index}, [])` : `c${index}`,
  );
  const hasArrays = fields.some(({ mode }) => mode === 'REPEATED');
  const rows = hasArrays ? `SELECT ${values.join(', ')} FROM (${sql})` : sql;
  await runPrepared(connection, `INSERT INTO ${physicalSql(table)} (${names}) ${rows}`, bindings);
}

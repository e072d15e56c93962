import type { BigQuery } from '@google-cloud/bigquery';
import { COLUMN_NAMES, type RecordRow } from '@records/records-schema';
import { quotedTable } from '@records/stack';
import { idPrefix, idRanges, type Run } from '../ids.ts';
import type { Sighting } from './ledger.ts';

/** Approximate rows of one query: a local BigQuery keeps a result in memory. */
const ROWS_PER_QUERY = 250_000;

/** Number of a run's rows in the table. */
export interface RowCount {
  readonly rows: number;
  /** Different ids. */
  readonly ids: number;
}

/** Throws the client's errors. */
export async function countRows(client: BigQuery, table: string, run: Run): Promise<RowCount> {
  const [[found]] = await client.query({
    query: `SELECT COUNT(*) AS copies, COUNT(DISTINCT id) AS ids FROM ${quotedTable(table)} WHERE STARTS_WITH(id, @prefix)`,
    params: { prefix: idPrefix(run) },
  });
  return { rows: Number(found?.copies), ids: Number(found?.ids) };
}

/** Reads the rows of a run with their counts, in about `rows / 250,000` queries. Throws the client's errors. */
export async function* tableRows(
  client: BigQuery,
  table: string,
  run: Run,
  rows: number,
): AsyncGenerator<Sighting> {
  const columns = COLUMN_NAMES.join(', ');
  const query = `SELECT ${columns}, COUNT(*) AS times FROM ${quotedTable(table)} WHERE id >= @from AND id < @to GROUP BY ${columns}`;
  for (const { from, to } of idRanges(run, Math.max(1, Math.ceil(rows / ROWS_PER_QUERY)))) {
    const stream = client.createQueryStream({ query, params: { from, to } });
    for await (const { times, ...row } of stream) yield { row: row as RecordRow, times: Number(times) };
  }
}

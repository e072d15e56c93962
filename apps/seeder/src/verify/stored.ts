import type { BigQuery } from '@google-cloud/bigquery';
import { quotedTable } from '../table.ts';

/** Counts the different ids of a run that are visible in the table. Throws the client's errors. */
export async function storedRecords(client: BigQuery, table: string, idPrefix: string): Promise<number> {
  const [rows] = await client.query({
    query: `SELECT COUNT(DISTINCT id) AS stored FROM ${quotedTable(table)} WHERE STARTS_WITH(id, @prefix)`,
    params: { prefix: idPrefix },
  });
  return Number(rows[0]?.stored);
}

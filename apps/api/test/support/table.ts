import { BigQuery, BigQueryServer, type FakeClock, systemClock } from '@records/local-cloud';
import { bigQueryColumns } from '@records/records-schema';
import { environment } from './api.ts';
import { BigQueryFront } from './bigquery-front.ts';
import { closeAfterAll } from './cleanup.ts';

const [projectId = '', datasetId = '', tableId = ''] = environment.RECORDS_TABLE.split('.');
const [, scratchId = ''] = environment.SCRATCH_DATASET.split('.');

/** As the program declares it. */
const SCRATCH_MS = 24 * 60 * 60 * 1000;

/** The records table in a BigQuery of its own, in memory, behind a proxy. Closed after the test file. */
export interface TestTable {
  readonly front: BigQueryFront;
  readonly bigQuery: BigQuery;
  append(rows: readonly Record<string, string>[]): Promise<void>;
}

export async function openTestTable(clock: FakeClock | typeof systemClock = systemClock): Promise<TestTable> {
  const bigQuery = await BigQuery.open({
    projectId,
    location: environment.BIGQUERY_LOCATION,
    clock,
  });
  for (const id of [datasetId, scratchId]) {
    await bigQuery.insertDataset({
      datasetReference: { datasetId: id },
      location: environment.BIGQUERY_LOCATION,
      ...(id === scratchId && { defaultTableExpirationMs: String(SCRATCH_MS) }),
    });
  }
  await bigQuery.insertTable(datasetId, {
    tableReference: { projectId, datasetId, tableId },
    schema: { fields: bigQueryColumns },
    clustering: { fields: ['id'] },
  });
  const server = await BigQueryServer.listen(bigQuery, { port: 0 });
  closeAfterAll(async () => {
    await server.close();
    await bigQuery.close();
  });
  return {
    front: await BigQueryFront.listen(server.url),
    bigQuery,
    async append(rows) {
      const refused = await bigQuery.appendRows({ projectId, datasetId, tableId }, rows);
      if (refused.length > 0) throw new Error(JSON.stringify(refused));
    },
  };
}

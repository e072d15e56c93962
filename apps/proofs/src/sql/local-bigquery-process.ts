/** The program of `LocalSide`: sends the URL of its jobs.query, and ends with its parent. */
import { BigQuery, BigQueryServer, systemClock } from '@records/local-cloud';
import { answer } from '../shared/forked-process.ts';

const bigquery = await BigQuery.open({ projectId: 'records-local', location: 'US', clock: systemClock });
await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
const server = await BigQueryServer.listen(bigquery, { port: 0 });
answer(async () => undefined);
process.send?.(`${server.url}/bigquery/v2/projects/records-local/queries`);

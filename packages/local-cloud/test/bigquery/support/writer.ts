/** Appends batches of ten rows to p:d.t in the given folder without end, and prints the number of committed batches. */
import { BigQuery } from '../../../src/bigquery/bigquery.ts';
import { systemClock } from '../../../src/clock.ts';

const bigquery = await BigQuery.open({
  projectId: 'p',
  location: 'US',
  clock: systemClock,
  path: process.argv[2] ?? '',
});
for (let batch = 1; ; batch += 1) {
  const rows = Array.from({ length: 10 }, (_, n) => ({ id: `${batch}-${n}` }));
  await bigquery.appendRows({ projectId: 'p', datasetId: 'd', tableId: 't' }, rows);
  process.stdout.write(`${batch}\n`);
}

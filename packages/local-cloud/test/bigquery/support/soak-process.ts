/**
 * Asks a BigQuery of its own so many queries, twice, and tells its parent by how many bytes the process is larger after the
 * second half: node --expose-gc soak-process.ts QUERIES.
 */
import { BigQuery } from '../../../src/bigquery/bigquery.ts';
import { FakeClock } from '../../../src/clock.ts';

const queries = Number(process.argv[2]);
const bigquery = await BigQuery.open({ projectId: 'p', location: 'US', clock: new FakeClock() });

async function residentAfter(): Promise<number> {
  for (let n = 0; n < queries; n += 1) await bigquery.query({ query: 'SELECT 1', useLegacySql: false });
  // What nobody needs any more is not what is looked for.
  globalThis.gc?.();
  return process.memoryUsage().rss;
}

// The first half fills what is remembered of jobs and results.
const before = await residentAfter();
process.send?.((await residentAfter()) - before);
await bigquery.close();
process.disconnect?.();

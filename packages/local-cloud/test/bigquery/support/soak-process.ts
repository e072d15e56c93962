/**
 * Runs QUERIES queries twice on a BigQuery of its own, and sends its parent the bytes by which the second run grows the
 * process: node --expose-gc soak-process.ts QUERIES.
 */
import { BigQuery } from '../../../src/bigquery/bigquery.ts';
import { FakeClock } from '../../../src/clock.ts';

const queries = Number(process.argv[2]);
const bigquery = await BigQuery.open({ projectId: 'p', location: 'US', clock: new FakeClock() });

async function residentAfter(): Promise<number> {
  for (let n = 0; n < queries; n += 1) await bigquery.query({ query: 'SELECT 1', useLegacySql: false });
  // Garbage does not count as growth.
  globalThis.gc?.();
  return process.memoryUsage().rss;
}

// The first run fills the bounded lists of jobs and results.
const before = await residentAfter();
process.send?.((await residentAfter()) - before);
await bigquery.close();
process.disconnect?.();

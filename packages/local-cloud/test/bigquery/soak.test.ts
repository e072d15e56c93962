import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BigQuery } from '../../src/bigquery/bigquery.ts';
import { FakeClock } from '../../src/clock.ts';

let bigquery: BigQuery;

beforeEach(async () => {
  bigquery = await BigQuery.open({ projectId: 'p', location: 'US', clock: new FakeClock() });
});

afterEach(() => bigquery.close());

// https://github.com/goccy/bigquery-emulator/issues/512
describe('thousands of queries', () => {
  it('leave memory where it was', async () => {
    const run = async (count: number) => {
      for (let n = 0; n < count; n += 1) await bigquery.query({ query: 'SELECT 1', useLegacySql: false });
      return process.memoryUsage().rss;
    };
    // Fills what is remembered of jobs and results.
    const before = await run(1500);
    const after = await run(1500);
    expect(after - before).toBeLessThan(40 * 1024 * 1024);
  });

  it('keep the latest thousand results, and drop the rest', async () => {
    const first = await bigquery.query({ query: 'SELECT 1', useLegacySql: false });
    const last = async () => (await bigquery.query({ query: 'SELECT 2', useLegacySql: false })).queryId ?? '';
    let latest = '';
    for (let n = 0; n < 1000; n += 1) latest = await last();
    expect(await bigquery.getQueryResults(latest)).toMatchObject({ totalRows: '1' });
    await expect(bigquery.getQueryResults(first.queryId ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

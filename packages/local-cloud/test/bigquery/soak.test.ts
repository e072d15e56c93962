import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BigQuery } from '../../src/bigquery/bigquery.ts';
import { FakeClock } from '../../src/clock.ts';

const SOAK = fileURLToPath(new URL('./support/soak-process.ts', import.meta.url));
let bigquery: BigQuery;

beforeEach(async () => {
  bigquery = await BigQuery.open({ projectId: 'p', location: 'US', clock: new FakeClock() });
});

afterEach(() => bigquery.close());

// https://github.com/goccy/bigquery-emulator/issues/512
describe('thousands of queries', () => {
  it('do not grow the memory', async () => {
    // A process of its own with a small heap for new objects: other tests leave garbage in this one.
    const child = fork(SOAK, ['1500'], {
      execArgv: ['--expose-gc', '--max-semi-space-size=1'],
    });
    const [growth] = await once(child, 'message');
    expect(growth).toBeLessThan(10 * 1024 * 1024);
  });

  it('keep the latest thousand results and evict the others', async () => {
    const first = await bigquery.query({ query: 'SELECT 1', useLegacySql: false });
    const last = async () => (await bigquery.query({ query: 'SELECT 2', useLegacySql: false })).queryId ?? '';
    let latest = '';
    for (let n = 0; n < 1000; n += 1) latest = await last();
    expect(await bigquery.getQueryResults(latest)).toMatchObject({ totalRows: '1' });
    await expect(bigquery.getQueryResults(first.queryId ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

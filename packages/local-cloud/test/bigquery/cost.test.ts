import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, startBigQuery } from './support/bigquery.ts';

const MIB = 1024 * 1024;
const ROWS = 3 * 1024;
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startBigQuery();
  const { bigquery } = fixture;
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  for (const tableId of ['big', 'small', 'empty']) {
    const fields = [
      { name: 'id', type: 'STRING', mode: 'REQUIRED' },
      { name: 'wide', type: 'STRING' },
      { name: 'n', type: 'INTEGER' },
    ];
    await bigquery.insertTable('d', { tableReference: { tableId }, schema: { fields } });
  }
  // `wide` takes 12 MiB, an id 8 bytes, an integer 8 and a NULL none.
  const wide = 'é'.repeat(2 * 1024 - 1);
  const rows = Array.from({ length: ROWS }, (_, n) => ({
    id: `id${String(n).padStart(4, '0')}`,
    wide,
    n: n % 2 ? n : null,
  }));
  const reference = { projectId: PROJECT, datasetId: 'd', tableId: 'big' };
  expect(await bigquery.appendRows(reference, rows)).toEqual([]);
  await bigquery.appendRows({ ...reference, tableId: 'small' }, [{ id: 'id0001' }]);
});

afterEach(() => fixture.close());

/** Queries with the bytes that each processes and is billed for. */
const costs: readonly (readonly [sql: string, processed: number, billed: number])[] = [
  ['SELECT 1', 0, 0],
  ['SELECT COUNT(*) FROM d.big', 0, 0],
  ['SELECT id FROM d.big LIMIT 1', ROWS * 8, 10 * MIB],
  ["SELECT id FROM d.big WHERE id = 'id0001'", ROWS * 8, 10 * MIB],
  ['SELECT n FROM d.big', (ROWS / 2) * 8, 10 * MIB],
  ['SELECT wide FROM d.big', 12 * MIB, 12 * MIB],
  ['SELECT id, wide FROM d.big', 12 * MIB + ROWS * 8, 13 * MIB],
  ['SELECT * FROM d.big', 12 * MIB + ROWS * 12, 13 * MIB],
  ['SELECT id FROM (SELECT * FROM d.big)', ROWS * 8, 10 * MIB],
  ['WITH unused AS (SELECT * FROM d.big) SELECT id FROM d.small', 8, 10 * MIB],
  ['SELECT COUNT(*) FROM d.big WHERE n > 1', (ROWS / 2) * 8, 10 * MIB],
  ['SELECT a.id FROM d.big a JOIN d.small b ON a.id = b.id', ROWS * 8 + 8, 20 * MIB],
  ['SELECT id FROM d.big WHERE id IN (SELECT id FROM d.small)', ROWS * 8 + 8, 20 * MIB],
  ['SELECT id FROM d.big QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY n) = 1', ROWS * 12, 10 * MIB],
  ['SELECT * FROM d.empty', 0, 0],
  ["INSERT INTO d.small (id) VALUES ('x')", 0, 0],
  ["UPDATE d.small SET n = (SELECT MAX(n) FROM d.big) WHERE id = 'id0001'", 8 + (ROWS / 2) * 8, 20 * MIB],
  ["UPDATE d.small SET n = 1 WHERE id = 'id0001'", 8, 10 * MIB],
];

describe('the bytes of a query', () => {
  it.each(costs)('%s', async (query, processed, billed) => {
    const answer = await fixture.bigquery.query({ query, useLegacySql: false });
    expect([answer.totalBytesProcessed, answer.totalBytesBilled]).toEqual([
      String(processed),
      String(billed),
    ]);
    expect(fixture.bigquery.usage()).toMatchObject({ bytesProcessed: processed, bytesBilled: billed });
  });

  it('are not billed for a query that fails', async () => {
    await expect(
      fixture.bigquery.query({
        query: 'SELECT 1 / n FROM (SELECT 0 AS n, id FROM d.big)',
        useLegacySql: false,
      }),
    ).rejects.toThrow('division by zero');
    expect(fixture.bigquery.usage().bytesBilled).toBe(0);
  });

  it('add up in usage() beside the calls of each method, and listing rows is free', async () => {
    const [job] = await fixture.client.createQueryJob('SELECT id FROM d.big ORDER BY id');
    await job.getQueryResults({ maxResults: 1, autoPaginate: false });
    await fixture.client.dataset('d').table('big').getRows({ maxResults: 1, autoPaginate: false });
    await fixture.client.query('SELECT id FROM d.small');
    expect(fixture.bigquery.usage()).toEqual({
      bytesProcessed: ROWS * 8 + 8,
      bytesBilled: 20 * MIB,
      calls: {
        'jobs.insert': 1,
        'jobs.getQueryResults': 1,
        'jobs.query': 1,
        'tabledata.list': 1,
        'tables.get': 1,
      },
    });
  });
});

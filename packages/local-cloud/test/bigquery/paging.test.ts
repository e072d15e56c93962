import type { RowsResponse } from '@google-cloud/bigquery';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readPage } from '../../src/bigquery/page.ts';
import { type Fixture, LOCATION, PROJECT, plain, refusal, startBigQuery } from './support/bigquery.ts';
import { call, refusedCall } from './support/rest.ts';

const COUNT = 20_000;
const table = { projectId: PROJECT, datasetId: 'd', tableId: 't' };
let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  const { bigquery } = fixture;
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  await bigquery.insertTable('d', {
    tableReference: { tableId: 't' },
    schema: {
      fields: [
        { name: 'id', type: 'STRING', mode: 'REQUIRED' },
        { name: 'n', type: 'INTEGER' },
      ],
    },
  });
  const rows = Array.from({ length: COUNT }, (_, n) => ({ id: idOf((n * 7919) % COUNT), n }));
  expect(await bigquery.appendRows(table, rows)).toEqual([]);
});

afterAll(() => fixture.close());

const idOf = (n: number) => `id${String(n).padStart(6, '0')}`;

async function snapshot(jobId: string) {
  const [job] = await fixture.client.createQueryJob({ query: 'SELECT id, n FROM d.t ORDER BY id', jobId });
  await job.getQueryResults({ maxResults: 0, autoPaginate: false });
  const [metadata] = await job.getMetadata();
  const { datasetId, tableId } = metadata.configuration.query.destinationTable;
  return { job, anonymous: fixture.client.dataset(datasetId).table(tableId) };
}

it('a page of large rows is read in as many as fill it', async () => {
  const counts: number[] = [];
  const source = {
    fields: [{ name: 'id', type: 'STRING' }],
    totalRows: 5_000,
    bytes: 5_000 * 1024 ** 2,
    read: async (_: number, count: number) => {
      counts.push(count);
      return Array.from({ length: count }, () => ['x'.repeat(1024 ** 2 - 2)]);
    },
  };
  const { rows } = await readPage(source, {}, 'ISO8601_STRING', 'key');
  expect([rows.length, counts]).toEqual([10, [10]]);
});

describe('the result of a finished query', () => {
  it('is read in order from any index, through its job and through its anonymous table', async () => {
    const { job, anonymous } = await snapshot('order');
    for (const startIndex of [0, 7, 8191, 8192, COUNT - 3]) {
      const options = { startIndex: String(startIndex), maxResults: 5, autoPaginate: false };
      const expected = Array.from({ length: Math.min(5, COUNT - startIndex) }, (_, k) =>
        idOf(startIndex + k),
      );
      for (const [rows] of [await job.getQueryResults(options), await anonymous.getRows(options)]) {
        expect(rows.map(({ id }: { id: string }) => id)).toEqual(expected);
      }
    }
  });

  it('is read completely by page tokens while the table changes', async () => {
    const { anonymous } = await snapshot('walk');
    const seen: string[] = [];
    let options: object | null = { maxResults: 3001, autoPaginate: false };
    while (options) {
      const [rows, next]: RowsResponse = await anonymous.getRows(options);
      seen.push(...rows.map(({ id }: { id: string }) => id));
      await fixture.bigquery.appendRows(table, [{ id: `id${seen.length}-new` }]);
      options = next ?? null;
    }
    expect(seen).toEqual(Array.from({ length: COUNT }, (_, n) => idOf(n)));
  });

  it('is complete when it is larger than the query engine expected', async () => {
    const query = 'SELECT x FROM UNNEST(GENERATE_ARRAY(1, 20000)) x ORDER BY x DESC';
    const [rows] = await fixture.client.query({
      query,
      maxResults: 6000,
      jobCreationMode: 'JOB_CREATION_OPTIONAL',
    });
    expect(rows.map(({ x }) => x)).toEqual(Array.from({ length: 20_000 }, (_, n) => 20_000 - n));
  });

  it('has no rows past its end', async () => {
    const { anonymous } = await snapshot('end');
    const [metadata] = await anonymous.getMetadata();
    const [rows, next] = await anonymous.getRows({ startIndex: metadata.numRows, autoPaginate: false });
    expect([rows, next]).toEqual([[], null]);
  });

  it('refuses a page token with a startIndex, one of another source and a made-up one', async () => {
    const { job } = await snapshot('tokens');
    const [, next] = await job.getQueryResults({ maxResults: 1, autoPaginate: false });
    const pageToken = (next as { pageToken: string } | null)?.pageToken ?? '';
    const { bigquery } = fixture;
    const results = (request: object) =>
      bigquery.getQueryResults('tokens', { location: LOCATION, ...request });
    await expect(results({ pageToken, startIndex: 5 })).rejects.toThrow(
      'When using a page token, you cannot specify an arbitrary startIndex.',
    );
    const elsewhere = fixture.client.dataset('d').table('t');
    expect(await refusal(elsewhere.getRows({ pageToken, autoPaginate: false }))).toMatchObject({ code: 400 });
    const [, key] = JSON.parse(Buffer.from(pageToken, 'base64url').toString());
    const negative = Buffer.from(JSON.stringify([-1, key])).toString('base64url');
    for (const token of ['nonsense', negative])
      await expect(results({ pageToken: token })).rejects.toThrow('Invalid page token.');
  });

  it('expires after a day', async () => {
    const { job, anonymous } = await snapshot('day');
    await fixture.clock.advance(24 * 60 * 60 * 1000 - 1);
    expect(await anonymous.exists()).toEqual([true]);
    await fixture.clock.advance(1);
    expect(await refusal(anonymous.getRows())).toMatchObject({ code: 404, reason: 'notFound' });
    expect(await refusal(job.getQueryResults())).toMatchObject({ code: 404, reason: 'notFound' });
  });
});

describe('the rows of a table', () => {
  it('come in insertion order, with the selected columns only', async () => {
    const rows = await fixture.client
      .dataset('d')
      .table('t')
      .getRows({ maxResults: 3, autoPaginate: false, selectedFields: 'n' });
    expect(plain(rows[0])).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(
      await refusal(fixture.client.dataset('d').table('t').getRows({ selectedFields: 'nope' })),
    ).toMatchObject({ code: 400 });
  });

  it('come with the selected fields of a RECORD only, in a table and in a result', async () => {
    const { client } = fixture;
    const query =
      "SELECT 1 AS n, STRUCT('a' AS x, [STRUCT(1 AS y, 2 AS z), (3, 4)] AS list) AS r, CAST(NULL AS STRUCT<k INT64>) AS s";
    const [job] = await client.createQueryJob({
      query: `CREATE TABLE d.nested AS ${query}`,
    });
    await job.getQueryResults();
    const [result] = await client.createQueryJob(query);
    await result.getQueryResults();
    await result.getMetadata();
    const { tableId = '', datasetId = '' } = result.metadata.configuration.query.destinationTable;
    for (const table of [client.dataset('d').table('nested'), client.dataset(datasetId).table(tableId)]) {
      const answer = await call(
        fixture,
        'GET',
        `datasets/${table.dataset.id}/tables/${table.id}/data?selectedFields=s.k,r.List.z`,
      );
      expect(answer.body.rows).toEqual([
        { f: [{ v: { f: [{ v: [{ v: { f: [{ v: '2' }] } }, { v: { f: [{ v: '4' }] } }] }] } }, { v: null }] },
      ]);
    }
    const url = 'datasets/d/tables/nested';
    const { schema } = (await call(fixture, 'GET', `${url}?selectedFields=r.list.z`)).body;
    expect(schema.fields).toMatchObject([{ name: 'r', fields: [{ name: 'list', fields: [{ name: 'z' }] }] }]);
    for (const name of ['r.nope', 'n.x', 'r.list.nope']) {
      expect(await refusedCall(call(fixture, 'GET', `${url}/data?selectedFields=${name}`))).toMatchObject({
        status: 400,
        message: expect.stringMatching(`^Field ${name} cannot be found in table`),
      });
    }
  });

  it('come with every text as it was written, in a table and in a large result', async () => {
    const { bigquery, client } = fixture;
    const odd = ['', '\0', '\u001f\u007f\u0085\u2028', '"\\/\b\n', '\uFEFFa', 'Zoë 👩‍🚀', '["{', "'$1", null];
    const fields = ['n', 'place', 'c0'].map((name) => ({ name, type: 'STRING' as const }));
    await bigquery.insertTable('d', { tableReference: { tableId: 'odd' }, schema: { fields } });
    const rows = Array.from({ length: 5_000 }, (_, n) => ({
      n: String(n),
      place: odd[n % odd.length] ?? null,
      c0: odd[(n * 5) % odd.length] ?? null,
    }));
    expect(await bigquery.appendRows({ ...table, tableId: 'odd' }, rows)).toEqual([]);
    const [job] = await client.createQueryJob('SELECT n, place, c0 FROM d.odd');
    const [result] = await job.getQueryResults();
    expect(result).toEqual(rows);
    expect((await client.dataset('d').table('odd').getRows())[0]).toEqual(rows);
    const [column] = await client
      .dataset('d')
      .table('odd')
      .getRows({ selectedFields: 'place', maxResults: 9, autoPaginate: false });
    expect(column).toEqual(odd.map((place) => ({ place })));
  });

  it('come in pages of at most 10 MiB', async () => {
    const { bigquery } = fixture;
    await bigquery.insertTable('d', {
      tableReference: { tableId: 'wide' },
      schema: { fields: [{ name: 'x', type: 'STRING' }] },
    });
    const rows = Array.from({ length: 12 }, () => ({ x: 'x'.repeat(2 ** 20) }));
    await bigquery.appendRows({ ...table, tableId: 'wide' }, rows);
    const first = await bigquery.listRows('d', 'wide');
    expect(first.rows).toHaveLength(9);
    expect(first.pageToken).toBeDefined();
    expect((await fixture.client.dataset('d').table('wide').getRows())[0]).toHaveLength(12);
  });
});

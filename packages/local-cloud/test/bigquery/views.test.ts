import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, rowsOf, startBigQuery } from './support/bigquery.ts';
import { call, refusedCall } from './support/rest.ts';

let fixture: Fixture;

beforeEach(async () => {
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
  await bigquery.insertAll('d', 't', { rows: ['a', 'b', 'b'].map((id, n) => ({ json: { id, n } })) });
});

afterEach(() => fixture.close());

const put = (method: string, tableId: string, query: string, path = 'datasets/d/tables') =>
  call(fixture, method, path, {
    tableReference: { projectId: PROJECT, datasetId: 'd', tableId },
    view: { query, useLegacySql: false },
  });

describe('a view', () => {
  it('has the columns and the rows of its query, and is billed for the tables of it', async () => {
    const { status, body } = await put('POST', 'v', 'SELECT id, COUNT(*) AS number FROM d.t GROUP BY id');
    expect([status, body.type, body.view]).toEqual([
      200,
      'VIEW',
      { query: 'SELECT id, COUNT(*) AS number FROM d.t GROUP BY id', useLegacySql: false },
    ]);
    expect(body.schema.fields.map(({ name, type }: Record<string, string>) => [name, type])).toEqual([
      ['id', 'STRING'],
      ['number', 'INTEGER'],
    ]);
    const sql = 'WITH t AS (SELECT 1) SELECT v.id, w.number FROM d.v JOIN d.v AS w USING (id) ORDER BY id';
    expect(await rowsOf(fixture.client, sql)).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    const [job] = await fixture.client.createQueryJob({ query: 'SELECT id FROM d.v', dryRun: true });
    expect(job.metadata.statistics).toMatchObject({
      totalBytesProcessed: String(3 * 3),
      query: { referencedTables: [{ projectId: PROJECT, datasetId: 'd', tableId: 't' }] },
    });
    const { tables } = (await call(fixture, 'GET', 'datasets/d/tables')).body;
    expect(tables.find(({ type }: { type: string }) => type === 'VIEW').view).toEqual({
      useLegacySql: false,
    });
  });

  it('may be changed, and may read other views, but not itself', async () => {
    await put('POST', 'v', 'SELECT id FROM d.t');
    await put('POST', 'w', 'SELECT id AS name FROM d.v');
    const changed = await put(
      'PATCH',
      'v',
      'SELECT CONCAT(id, "!") AS id, n FROM d.t WHERE n = 0',
      'datasets/d/tables/v',
    );
    expect(changed.body.schema.fields).toHaveLength(2);
    expect(await rowsOf(fixture.client, 'SELECT name FROM d.w')).toEqual([['a!']]);
    await put('PATCH', 'v', 'SELECT name AS id FROM d.w', 'datasets/d/tables/v');
    await expect(fixture.client.query('SELECT * FROM d.w')).rejects.toThrow(
      'Views are nested deeper than 16 levels',
    );
  });

  it('is refused when its query is: legacy SQL, no SELECT, an unknown table, a column without a name', async () => {
    const view = { query: 'SELECT 1 AS x' };
    const legacy = call(fixture, 'POST', 'datasets/d/tables', { tableReference: { tableId: 'l' }, view });
    expect(await refusedCall(legacy)).toMatchObject({ message: expect.stringContaining('Legacy SQL') });
    for (const query of [
      'DELETE FROM d.t WHERE TRUE',
      'SELECT x FROM d.nope',
      'SELECT y FROM d.t',
      'SELECT n FROM t',
    ]) {
      expect([query, (await put('POST', 'x', query)).status]).toEqual([
        query,
        query.includes('nope') ? 404 : 400,
      ]);
    }
    expect((await put('PATCH', 't', 'SELECT 1 AS x', 'datasets/d/tables/t')).status).toBe(400);
  });

  it('takes no rows and lists none', async () => {
    await put('POST', 'v', 'SELECT id, n FROM d.t');
    const rows = [{ json: { id: 'z' } }];
    const changes = [
      call(fixture, 'POST', 'datasets/d/tables/v/insertAll', { rows }),
      call(fixture, 'POST', 'queries', { query: 'DELETE FROM d.v WHERE TRUE', useLegacySql: false }),
      call(fixture, 'GET', 'datasets/d/tables/v/data'),
    ];
    for (const change of changes) {
      expect(await refusedCall(change)).toMatchObject({
        status: 400,
        message: expect.stringContaining('VIEW'),
      });
    }
  });
});

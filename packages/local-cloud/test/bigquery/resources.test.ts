import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, LOCATION, PROJECT, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startBigQuery();
});

afterEach(() => fixture.close());

const idColumn = { name: 'id', type: 'STRING', mode: 'REQUIRED' };

async function createTable(datasetId = 'd', tableId = 't', fields: object[] = [idColumn]) {
  const dataset = fixture.client.dataset(datasetId);
  const [exists] = await dataset.exists();
  if (!exists) await dataset.create();
  const [table] = await dataset.createTable(tableId, { schema: { fields } });
  return table;
}

describe('datasets', () => {
  it('are created once, found, listed and deleted', async () => {
    await fixture.client.createDataset('d', { labels: { team: 'x' } });
    expect(await refusal(fixture.client.createDataset('d'))).toEqual({
      code: 409,
      message: `Already Exists: Dataset ${PROJECT}:d`,
      reason: 'duplicate',
    });
    const [metadata] = await fixture.client.dataset('d').getMetadata();
    expect(metadata).toMatchObject({ location: LOCATION, labels: { team: 'x' }, id: `${PROJECT}:d` });
    const [datasets] = await fixture.client.getDatasets();
    expect(datasets.map(({ id }) => id)).toEqual(['d']);
    await fixture.client.dataset('d').delete();
    expect(await fixture.client.dataset('d').exists()).toEqual([false]);
  });

  it('are patched property by property, and null removes a property', async () => {
    const { bigquery } = fixture;
    await bigquery.insertDataset({
      datasetReference: { datasetId: 'd' },
      description: 'old',
      labels: { a: '1', b: '2' },
    });
    const patched = await bigquery.patchDataset('d', { friendlyName: 'D', labels: { a: null, c: '3' } });
    expect(patched).toMatchObject({ description: 'old', friendlyName: 'D', labels: { b: '2', c: '3' } });
    expect(await bigquery.updateDataset('d', { labels: {} })).not.toHaveProperty('description');
  });

  it('with tables are deleted only with deleteContents', async () => {
    await createTable();
    expect(await refusal(fixture.client.dataset('d').delete())).toMatchObject({
      code: 400,
      reason: 'resourceInUse',
    });
    await fixture.client.dataset('d').delete({ force: true });
    expect(await refusal(fixture.client.dataset('d').table('t').getMetadata())).toMatchObject({ code: 404 });
  });

  it('may have names with a meaning in DuckDB', async () => {
    for (const name of [
      'main',
      'temp',
      'ai',
      'ml',
      'information_schema',
      'pg_catalog',
      'data',
      'results',
      'select',
    ]) {
      const table = await createTable(name, 'table');
      await table.insert({ id: name });
      expect(await rowsOf(fixture.client, `SELECT id FROM \`${name}.table\``)).toEqual([[name]]);
    }
  });
});

describe('tables', () => {
  it('whose names differ in case are different tables', async () => {
    await createTable('d', 'T');
    const table = await createTable('d', 't');
    await table.insert({ id: 'lower' });
    expect(await rowsOf(fixture.client, 'SELECT COUNT(*) FROM d.T')).toEqual([[0]]);
    expect(await rowsOf(fixture.client, 'SELECT COUNT(*) FROM d.t')).toEqual([[1]]);
  });

  it('are shown with their schema, size and time of the last change', async () => {
    const table = await createTable();
    const [before] = await table.getMetadata();
    expect(before).toMatchObject({
      numRows: '0',
      numBytes: '0',
      schema: { fields: [idColumn] },
      location: LOCATION,
    });
    await table.insert([{ id: 'é' }, { id: 'abc' }]);
    const [after] = await table.getMetadata();
    // Each string has two bytes plus its UTF-8.
    expect(after).toMatchObject({ numRows: '2', numBytes: '9' });
    expect(Number(after.lastModifiedTime)).toBeGreaterThan(Number(before.lastModifiedTime));
    expect(after.etag).not.toBe(before.etag);
  });

  it('have a later lastModifiedTime after each change within a millisecond, and the same without one', async () => {
    const table = await createTable();
    const times: number[] = [];
    const note = async () => times.push(Number((await table.getMetadata())[0].lastModifiedTime));
    await note();
    await table.insert({ id: 'a' });
    await note();
    await fixture.client.query("UPDATE d.t SET id = 'b' WHERE TRUE");
    await note();
    await rowsOf(fixture.client, 'SELECT * FROM d.t');
    await note();
    const [first = 0] = times;
    expect(times).toEqual([first, first + 1, first + 2, first + 2]);
  });

  it('that are missing, or in a missing dataset, are named in the error', async () => {
    await fixture.client.createDataset('d');
    const get = (dataset: string) => refusal(fixture.client.dataset(dataset).table('t').getMetadata());
    expect(await get('d')).toMatchObject({
      code: 404,
      message: `Not found: Table ${PROJECT}:d.t`,
      reason: 'notFound',
    });
    const nope = fixture.client.dataset('nope');
    const calls = [
      get('nope'),
      refusal(nope.getMetadata()),
      refusal(nope.getTables()),
      refusal(nope.getRoutines()),
      refusal(nope.table('t').getRows()),
      refusal(nope.table('t').insert({ id: 'a' })),
      refusal(nope.createTable('t', {})),
    ];
    for (const { code, message } of await Promise.all(calls)) {
      expect([code, message]).toEqual([404, `Not found: Dataset ${PROJECT}:nope`]);
    }
    // A job ran in a location.
    for (const sql of ['SELECT * FROM nope.t', 'CREATE TABLE nope.t (a INT64)', 'DROP SCHEMA nope']) {
      expect(await refusal(fixture.client.query(sql))).toMatchObject({
        message: `Not found: Dataset ${PROJECT}:nope was not found in location ${LOCATION}`,
      });
    }
  });

  it('are listed by id, page by page', async () => {
    for (const id of ['c', 'a', 'b']) await createTable('d', id);
    const dataset = fixture.client.dataset('d');
    const [first, next] = await dataset.getTables({ maxResults: 2, autoPaginate: false });
    const [second, end] = await dataset.getTables({ ...next, autoPaginate: false });
    expect([...first, ...second].map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect([first.length, end]).toEqual([2, null]);
  });

  it('disappear when they expire', async () => {
    const { bigquery, clock } = fixture;
    await bigquery.insertDataset({
      datasetReference: { datasetId: 'd' },
      defaultTableExpirationMs: '3600000',
    });
    await bigquery.insertTable('d', { tableReference: { tableId: 't' }, schema: { fields: [idColumn] } });
    await clock.advance(3_599_999);
    expect(await bigquery.listTables('d')).toHaveLength(1);
    await clock.advance(1);
    expect(await bigquery.listTables('d')).toEqual([]);
    expect(await refusal(fixture.client.query('SELECT * FROM d.t'))).toMatchObject({ code: 404 });
  });
});

describe('a change of schema', () => {
  const number = { name: 'n', type: 'INTEGER', mode: 'NULLABLE' };
  const columns = [idColumn, number];

  it('adds optional columns and relaxes required ones', async () => {
    const table = await createTable('d', 't', columns);
    await table.insert({ id: 'a', n: 1 });
    const next = [
      { ...idColumn, mode: 'NULLABLE' },
      number,
      { name: 'extra', type: 'STRING' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    ];
    await table.setMetadata({ schema: { fields: next } });
    await table.insert({ n: 2, extra: 'x', tags: ['y'] });
    expect(await rowsOf(fixture.client, 'SELECT * FROM d.t ORDER BY n')).toEqual([
      ['a', 1, null, []],
      [null, 2, 'x', ['y']],
    ]);
  });

  it.each([
    ['a missing column', [idColumn], 'Field n is missing in new schema'],
    [
      'a changed type',
      [idColumn, { ...number, type: 'STRING' }],
      'Field n has changed type from INTEGER to STRING',
    ],
    [
      'a column that becomes required',
      [idColumn, { ...number, mode: 'REQUIRED' }],
      'Field n has changed mode from NULLABLE to REQUIRED',
    ],
    [
      'a new required column',
      [...columns, { name: 'x', type: 'STRING', mode: 'REQUIRED' }],
      'Cannot add required fields to an existing schema. (field: x)',
    ],
  ])('is refused for %s', async (_, fields, detail) => {
    const table = await createTable('d', 't', columns);
    expect(await refusal(table.setMetadata({ schema: { fields } }))).toEqual({
      code: 400,
      message: `Provided Schema does not match Table ${PROJECT}:d.t. ${detail}`,
      reason: 'invalid',
    });
    expect((await table.getMetadata())[0].schema.fields).toEqual(columns);
  });
});

describe('hostile and wrong input', () => {
  const ids = [
    '',
    'a"b',
    "a'; DROP TABLE x; --",
    'a.b',
    'a/b',
    '../x',
    'x'.repeat(2000),
    'a\u0000b',
    '$(ls)',
    'a\nb',
  ];

  it.each(ids.map((id) => [JSON.stringify(id).slice(0, 40), id]))(
    'refuses a dataset or table named %s',
    async (_, id) => {
      const { bigquery } = fixture;
      await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
      await expect(bigquery.insertDataset({ datasetReference: { datasetId: id } })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      await expect(bigquery.insertTable('d', { tableReference: { tableId: id } })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      const path = `/bigquery/v2/projects/${PROJECT}/datasets/${encodeURIComponent(id)}/tables/${encodeURIComponent(id)}`;
      const response = await fetch(fixture.server.url + path);
      expect(response.status).toBe(404);
    },
  );

  it('accepts a table name with spaces, dashes and letters of any alphabet', async () => {
    const table = await createTable('d', 'año-2026 ñ');
    await table.insert({ id: 'a' });
    expect(await rowsOf(fixture.client, 'SELECT id FROM `d.año-2026 ñ`')).toEqual([['a']]);
  });

  it('refuses unsupported and invalid properties by name', async () => {
    const { bigquery } = fixture;
    await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
    const table = (extra: object) =>
      bigquery.insertTable('d', { tableReference: { tableId: 't' }, ...extra });
    await expect(table({ schema: { fields: [{ name: 'x', type: 'GEOGRAPHY' }] } })).rejects.toThrow(
      'Field x: type GEOGRAPHY is not supported by the local BigQuery',
    );
    await expect(
      table({ schema: { fields: [{ name: 'x', type: 'STRING', defaultValueExpression: '5' }] } }),
    ).rejects.toThrow('Field x: "defaultValueExpression" is not supported by the local BigQuery');
    await expect(table({ schema: { fields: [{ name: 'a.b', type: 'STRING' }] } })).rejects.toThrow(
      'Invalid field name "a.b"',
    );
    await expect(table({ schema: { fields: [idColumn, { ...idColumn, name: 'ID' }] } })).rejects.toThrow(
      'Field ID already exists in schema',
    );
    await expect(table({ schema: { fields: [idColumn] }, clustering: { fields: ['nope'] } })).rejects.toThrow(
      'The field specified for clustering cannot be found in the schema: nope',
    );
  });

  it('answers unknown paths, methods and projects, and bodies that are not JSON, with an error document', async () => {
    const { url } = fixture.server;
    const post = (path: string, body: string) => fetch(url + path, { method: 'POST', body });
    const answers = [
      [await fetch(`${url}/bigquery/v2/nope`), 404, 'notFound'],
      [await fetch(`${url}//`), 404, 'notFound'],
      [await fetch(`${url}/bigquery/v2/projects/${PROJECT}/datasets/%zz`), 404, 'notFound'],
      [await fetch(`${url}/projects/other/datasets`), 404, 'notFound'],
      [await fetch(`${url}/projects/${PROJECT}/datasets`, { method: 'PUT' }), 404, 'notFound'],
      [await post(`/projects/${PROJECT}/queries`, '{"query":'), 400, 'parseError'],
      [await post(`/projects/${PROJECT}/queries`, '[]'), 400, 'invalid'],
      [
        await post(`/projects/${PROJECT}/queries`, '{"query":"SELECT 1","useLegacySql":true}'),
        400,
        'invalid',
      ],
    ] as const;
    for (const [response, status, reason] of answers) {
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { code: status, errors: [{ reason }] } });
    }
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, plain, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';
import { call, refusedCall } from './support/rest.ts';

let fixture: Fixture;
const reference = { projectId: PROJECT, datasetId: 'd', tableId: 't' };
const column = (name: string, type: string, mode = 'NULLABLE') => ({ name, type, mode });

beforeEach(async () => {
  fixture = await startBigQuery();
  await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  await fixture.bigquery.insertTable('d', {
    tableReference: { tableId: 't' },
    schema: {
      fields: [
        column('id', 'STRING', 'REQUIRED'),
        column('i', 'INTEGER'),
        column('f', 'FLOAT'),
        column('n', 'NUMERIC'),
        column('b', 'BOOLEAN'),
        column('y', 'BYTES'),
        column('d', 'DATE'),
        column('dt', 'DATETIME'),
        column('t', 'TIME'),
        column('ts', 'TIMESTAMP'),
        column('xs', 'STRING', 'REPEATED'),
        {
          ...column('r', 'RECORD'),
          fields: [column('k', 'STRING', 'REQUIRED'), column('vs', 'INTEGER', 'REPEATED')],
        },
      ],
    },
  });
});

afterEach(() => fixture.close());

const full = {
  id: 'é"\\\u0000x',
  i: '9223372036854775807',
  f: 1.5,
  n: '123.456',
  b: true,
  y: Buffer.from([0, 255]).toString('base64'),
  d: '2020-02-29',
  dt: '2020-02-29T01:02:03.5',
  t: '01:02:03',
  ts: '2020-02-29T01:02:03.123456Z',
  xs: ['a', 'ñ'],
  r: { k: 'v', vs: [1, 2] },
};

const read = {
  ...full,
  i: '9223372036854775807',
  y: 'bytes:00ff',
  dt: '2020-02-29T01:02:03.500000',
  ts: '2020-02-29T01:02:03.123456000Z',
};

describe('values of every type', () => {
  it('are read as insertAll and appendRows wrote them', async () => {
    const table = fixture.client.dataset('d').table('t');
    await table.insert([full, { id: 'empty' }]);
    expect(await fixture.bigquery.appendRows(reference, [{ ...full, i: 9007199254740991 }])).toEqual([]);
    const [rows] = await table.getRows({ wrapIntegers: true });
    const empty = { ...Object.fromEntries(Object.keys(full).map((key) => [key, null])), id: 'empty', xs: [] };
    const integers = (row: unknown) =>
      JSON.parse(JSON.stringify(row), (_, value) => (value?.type === 'BigQueryInt' ? value.value : value));
    expect(rows.map(integers).map((row: unknown) => withText(row))).toEqual([
      withText({ ...read, r: { k: 'v', vs: ['1', '2'] } }),
      withText(empty),
      withText({ ...read, i: '9007199254740991', r: { k: 'v', vs: ['1', '2'] } }),
    ]);
  });

  it('are compared and computed by type', async () => {
    await fixture.client.dataset('d').table('t').insert(full);
    expect(
      await rowsOf(
        fixture.client,
        'SELECT n * 2, f / 2, r.k, r.vs[OFFSET(1)], DATE(ts) = d, dt < DATETIME(ts), TO_HEX(y), ARRAY_LENGTH(xs) FROM d.t',
      ),
    ).toEqual([['246.912', 0.75, 'v', 2, true, false, '00ff', 2]]);
  });

  it('include timestamps as float, integer or ISO text', async () => {
    await fixture.client.dataset('d').table('t').insert({ id: 'a', ts: '1969-12-31T23:59:59.5Z' });
    const cell = async (query: string) => {
      const url = `${fixture.server.url}/projects/${PROJECT}/datasets/d/tables/t/data?selectedFields=ts&${query}`;
      const body = (await (await fetch(url)).json()) as { rows: { f: { v: string }[] }[] };
      return body.rows[0]?.f[0]?.v;
    };
    expect(await cell('')).toBe('-0.5');
    expect(await cell('formatOptions.useInt64Timestamp=true')).toBe('-500000');
    expect(await cell('formatOptions.timestampOutputFormat=ISO8601_STRING')).toBe(
      '1969-12-31T23:59:59.500000Z',
    );
    const both = (format: string) =>
      call(
        fixture,
        'GET',
        `datasets/d/tables/t/data?formatOptions.useInt64Timestamp=true&formatOptions.timestampOutputFormat=${format}`,
      );
    expect((await both('INT64')).status).toBe(200);
    for (const format of ['FLOAT64', 'ISO8601_STRING']) {
      expect(await refusedCall(both(format))).toMatchObject({
        status: 400,
        message: 'Cannot specify both use_int64_timestamp and timestamp_output_format.',
      });
    }
  });
});

/** Buffers and wrapped dates as text. */
function withText(row: unknown): unknown {
  return JSON.parse(JSON.stringify(plain(row)), (_, value) =>
    value?.type === 'Buffer' ? `bytes:${Buffer.from(value.data).toString('hex')}` : value,
  );
}

describe('insertAll', () => {
  it('refuses each invalid row with its reason, and then the valid ones as stopped', async () => {
    const rows = [{ id: 'good' }, { i: 1 }, { id: 'a', i: 'x' }, { id: 'b', nope: 1 }];
    const answer = await fixture.bigquery.insertAll('d', 't', { rows: rows.map((json) => ({ json })) });
    expect(answer.insertErrors).toEqual([
      { index: 1, errors: [{ reason: 'invalid', location: 'id', message: 'Missing required field: id.' }] },
      {
        index: 2,
        errors: [{ reason: 'invalid', location: 'i', message: 'Cannot convert value to INT64: i is "x".' }],
      },
      { index: 3, errors: [{ reason: 'invalid', location: 'nope', message: 'no such field: nope.' }] },
      { index: 0, errors: [{ reason: 'stopped', location: '', message: '' }] },
    ]);
    expect((await fixture.bigquery.getTable('d', 't')).numRows).toBe('0');
    await expect(fixture.client.dataset('d').table('t').insert(rows)).rejects.toMatchObject({
      name: 'PartialFailureError',
    });
  });

  it('skips invalid rows and unknown values on request', async () => {
    const rows = [{ id: 'good', nope: 1 }, { i: 1 }].map((json) => ({ json }));
    const answer = await fixture.bigquery.insertAll('d', 't', {
      rows,
      skipInvalidRows: true,
      ignoreUnknownValues: true,
    });
    expect(answer.insertErrors?.map(({ index }) => index)).toEqual([1]);
    expect(await rowsOf(fixture.client, 'SELECT id FROM d.t')).toEqual([['good']]);
  });
});

describe('appendRows', () => {
  const append = (rows: Record<string, unknown>[]) => fixture.bigquery.appendRows(reference, rows);

  it('writes all rows, or none and names each refused row', async () => {
    expect(
      await append([{ id: 'a' }, { id: 1 }, { id: null }, { id: 'b', extra: 1 }, { id: '\ud83d' }]),
    ).toEqual([
      { index: 1, message: 'Cannot convert value to STRING: id is 1.' },
      { index: 2, message: 'Missing required field: id.' },
      { index: 3, message: 'no such field: extra.' },
      { index: 4, message: 'Cannot convert value to STRING: id is "\\ud83d".' },
    ]);
    expect(await append([{ id: 'x'.repeat(10 * 1024 * 1024) }])).toEqual([
      { index: 0, message: expect.stringMatching(/^Row is too large/) },
    ]);
    expect((await fixture.bigquery.getTable('d', 't')).numRows).toBe('0');
    expect(await append([{ id: 'a' }])).toEqual([]);
    expect((await fixture.bigquery.getTable('d', 't')).numRows).toBe('1');
  });

  it('is refused for a missing table', async () => {
    const missing = fixture.bigquery.appendRows({ ...reference, tableId: 'nope' }, [{ id: 'a' }]);
    await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(fixture.bigquery.tableSchema({ ...reference, datasetId: 'nope' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('neither loses nor duplicates rows of concurrent callers', async () => {
    const batches = Array.from({ length: 40 }, (_, batch) =>
      Array.from({ length: 25 }, (_, n) => ({ id: `${batch}-${n}` })),
    );
    await Promise.all(batches.map(append));
    expect(await rowsOf(fixture.client, 'SELECT COUNT(*), COUNT(DISTINCT id) FROM d.t')).toEqual([
      [1000, 1000],
    ]);
  });

  it('counts the same bytes as a recount of the stored rows', async () => {
    await append([{ id: 'warm' }]);
    const { numBytes: first } = await fixture.bigquery.getTable('d', 't');
    await append([
      { ...full, id: 'é' },
      { id: 'z', xs: ['ab', ''] },
    ]);
    const { numBytes: added } = await fixture.bigquery.getTable('d', 't');
    // A patch forces a recount.
    const { numBytes: recounted } = await fixture.bigquery.patchTable('d', 't', { description: 'x' });
    expect(added).toBe(recounted);
    expect(Number(added)).toBeGreaterThan(Number(first));
  });
});

describe('a refused request', () => {
  it('is answered 404 for a missing table', async () => {
    expect(await refusal(fixture.client.dataset('d').table('nope').insert({ id: 'a' }))).toMatchObject({
      code: 404,
    });
  });
});

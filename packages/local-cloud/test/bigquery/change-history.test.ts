import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

const MIB = 1024 * 1024;
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startBigQuery();
  await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  const fields = [
    { name: 'id', type: 'STRING', mode: 'REQUIRED' },
    { name: 'nombre', type: 'STRING' },
  ];
  await fixture.bigquery.insertTable('d', { tableReference: { tableId: 't' }, schema: { fields } });
});

afterEach(() => fixture.close());

const append = (...ids: string[]) =>
  fixture.bigquery.appendRows(
    { projectId: PROJECT, datasetId: 'd', tableId: 't' },
    ids.map((id) => ({ id, nombre: 'Ana' })),
  );
const appends = async (range: string, params?: Record<string, unknown>) =>
  (await rowsOf(fixture.client, `SELECT id FROM APPENDS(TABLE d.t${range}) ORDER BY id`, params)).flat();

describe('APPENDS', () => {
  it('gives the rows that were written from a time on and before another, however they were written', async () => {
    const { clock, client } = fixture;
    await append('a');
    await clock.advance(1_000);
    const since = new Date(clock.now());
    await client
      .dataset('d')
      .table('t')
      .insert([{ id: 'b', nombre: 'Eva' }]);
    await rowsOf(client, "INSERT INTO d.t (id) VALUES ('c')");
    await clock.advance(1_000);
    const until = new Date(clock.now());
    await rowsOf(client, "INSERT INTO d.t SELECT 'd', 'Leo'");
    expect(await appends('')).toEqual(['a', 'b', 'c', 'd']);
    expect(await appends(', NULL, NULL')).toEqual(['a', 'b', 'c', 'd']);
    expect(await appends(', @since', { since })).toEqual(['b', 'c', 'd']);
    expect(await appends(', @since, NULL', { since })).toEqual(['b', 'c', 'd']);
    expect(await appends(', @since, @until', { since, until })).toEqual(['b', 'c']);
    expect(await appends(", TIMESTAMP '2026-01-31 12:30:16+00'")).toEqual(['b', 'c', 'd']);
  });

  it('says when each row was written, and SELECT * shows that only there', async () => {
    await append('a');
    expect(await rowsOf(fixture.client, 'SELECT * FROM APPENDS(TABLE d.t)')).toEqual([
      ['a', 'Ana', 'INSERT', '2026-01-31T12:30:15.250Z'],
    ]);
    expect(await rowsOf(fixture.client, 'SELECT * FROM d.t')).toEqual([['a', 'Ana']]);
  });

  it('is billed for what was written in the range, 10 MiB at least', async () => {
    const { bigquery, clock } = fixture;
    const wide = (id: number) => ({ id: `${id}`, nombre: 'x'.repeat(6 * MIB) });
    const reference = { projectId: PROJECT, datasetId: 'd', tableId: 't' };
    await bigquery.appendRows(reference, [wide(1), wide(2), wide(3)]);
    await clock.advance(1_000);
    await bigquery.appendRows(reference, [wide(4), wide(5)]);
    const billed = async (sql: string) =>
      Number((await bigquery.query({ query: sql, useLegacySql: false })).totalBytesBilled) / MIB;
    const since = "TIMESTAMP '2026-01-31 12:30:16+00'";
    expect(await billed('SELECT * FROM APPENDS(TABLE d.t)')).toBe(31);
    expect(await billed(`SELECT * FROM APPENDS(TABLE d.t, ${since})`)).toBe(13);
    expect(await billed(`SELECT id FROM APPENDS(TABLE d.t, ${since})`)).toBe(10);
    expect(await billed(`SELECT * FROM APPENDS(TABLE d.t, ${since}), (SELECT COUNT(nombre) FROM d.t)`)).toBe(
      31,
    );
  });

  it.each([
    ['SELECT * FROM APPENDS(TABLE d.nothing)', 'Not found: Table'],
    ['SELECT * FROM APPENDS(TABLE d.t, 5)', 'must be of type TIMESTAMP'],
    ['SELECT * FROM d.t AS a, APPENDS(TABLE d.t, TIMESTAMP(a.id))', 'must be constant expressions'],
    ['SELECT * FROM CHANGES(TABLE d.t)', 'Table function CHANGES'],
  ])('is refused with its reason: %s', async (query, reason) => {
    expect((await refusal(fixture.client.query({ query }))).message).toContain(reason);
  });
});

it('gives parts of BYTES by SUBSTR', async () => {
  const sql = [
    "SUBSTR(b'abcdef', 2, 3)",
    "SUBSTR(b'abcdef', -2)",
    "SUBSTR(b'abcdef', 0, 2)",
    "SUBSTR(b'abcdef', -9, 2)",
    "SUBSTR(b'abcdef', 7)",
    "SUBSTR(b'abcdef', 3, 0)",
    "SUBSTR(b'', 1, 2)",
    "SUBSTR(MD5('a'), 1, 8)",
    'SUBSTR(CAST(NULL AS BYTES), 1, 8)',
  ];
  const bytes = (text: string) => `bytes:${Buffer.from(text).toString('hex')}`;
  expect(await rowsOf(fixture.client, `SELECT ${sql.map((one, n) => `${one} AS c${n}`).join(', ')}`)).toEqual(
    [
      [
        bytes('bcd'),
        bytes('ef'),
        bytes('ab'),
        bytes('ab'),
        bytes(''),
        bytes(''),
        bytes(''),
        'bytes:0cc175b9c0f1b6a8',
        null,
      ],
    ],
  );
});

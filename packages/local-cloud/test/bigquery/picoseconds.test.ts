import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, startBigQuery } from './support/bigquery.ts';
import { type Answer, call, refusedCall } from './support/rest.ts';

let fixture: Fixture;

const INSTANT = '2023-01-01T12:00:00.123456789123Z';
const BEFORE_EPOCH = '1969-12-31T23:59:59.999999999999Z';

const send = (method: string, path: string, body?: unknown) => call(fixture, method, path, body);
const query = (text: string) => send('POST', 'queries', { query: text, formatOptions: ISO });
const ISO = { timestampOutputFormat: 'ISO8601_STRING' };
const cells = ({ body }: Answer): unknown[][] =>
  body.rows.map(({ f }: { f: { v: unknown }[] }) => f.map(({ v }) => v));
const table = (tableId: string, ...fields: object[]) =>
  send('POST', 'datasets/d/tables', { tableReference: { tableId }, schema: { fields } });

beforeAll(async () => {
  fixture = await startBigQuery();
  await send('POST', 'datasets', { datasetReference: { datasetId: 'd' } });
  await table(
    't',
    { name: 'id', type: 'INTEGER' },
    { name: 'ts', type: 'TIMESTAMP', timestampPrecision: 12 },
    { name: 'micros', type: 'TIMESTAMP', timestampPrecision: '6' },
    { name: 'list', type: 'TIMESTAMP', timestampPrecision: '12', mode: 'REPEATED' },
  );
  const rows = [
    { id: 1, ts: INSTANT, micros: '2023-01-01T12:00:00.123456789Z', list: [BEFORE_EPOCH] },
    { id: 2, ts: BEFORE_EPOCH, micros: '1969-12-31T23:59:59.999999Z' },
    { id: 3, ts: 1.5 },
    { id: 4, ts: '2026-01-02 03:04:05.1+01' },
    { id: 5, ts: null },
    { id: 6, ts: '2026-01-01T23:59:60.999999999Z' },
  ];
  const { body } = await send('POST', 'datasets/d/tables/t/insertAll', {
    rows: rows.map((json) => ({ json })),
  });
  expect(body.insertErrors).toBe(undefined);
});

afterAll(() => fixture.close());

it.each([{}, { timestampPrecision: '12' }])(
  'a time beyond the years 1 to 9999 is refused: %j',
  async (precision) => {
    const name = precision.timestampPrecision ? 'picos' : 'micros';
    await table(`limits_${name}`, { name: 'ts', type: 'TIMESTAMP', ...precision });
    const insert = async (ts: unknown) => {
      const { body } = await send('POST', `datasets/d/tables/limits_${name}/insertAll`, {
        rows: [{ json: { ts } }],
      });
      return body.insertErrors?.[0].errors[0].message;
    };
    for (const ts of [999_999_999_999, -999_999_999_999, '0001-01-01T00:00:00+14:00', '9999-12-31 23:59:60'])
      expect(await insert(ts)).toContain('Cannot convert value to TIMESTAMP');
    for (const ts of ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z', 253_402_300_799])
      expect(await insert(ts)).toBe(undefined);
  },
);

describe('a TIMESTAMP of twelve digits', () => {
  it('is shown with its precision, in tables, results and INFORMATION_SCHEMA', async () => {
    const { schema } = (await send('GET', 'datasets/d/tables/t')).body;
    const precise = { type: 'TIMESTAMP', timestampPrecision: '12' };
    expect(schema.fields.slice(1)).toEqual([
      { name: 'ts', ...precise },
      { name: 'micros', type: 'TIMESTAMP' },
      { name: 'list', ...precise, mode: 'REPEATED' },
    ]);
    expect((await query('SELECT ts FROM d.t')).body.schema.fields).toMatchObject([precise]);
    const types = 'SELECT data_type FROM d.INFORMATION_SCHEMA.COLUMNS WHERE table_name = "t" ORDER BY 1';
    expect(cells(await query(types))).toEqual([
      ['ARRAY<TIMESTAMP(12)>'],
      ['INT64'],
      ['TIMESTAMP'],
      ['TIMESTAMP(12)'],
    ]);
  });

  it('has all its digits as a text, and microseconds as a number', async () => {
    const list = async (format: string) =>
      cells(await send('GET', `datasets/d/tables/t/data?selectedFields=ts,micros&${format}`));
    expect(await list('formatOptions.timestampOutputFormat=ISO8601_STRING')).toEqual([
      [INSTANT, '2023-01-01T12:00:00.123456Z'],
      [BEFORE_EPOCH, '1969-12-31T23:59:59.999999Z'],
      ['1970-01-01T00:00:01.500000000000Z', null],
      ['2026-01-02T02:04:05.100000000000Z', null],
      [null, null],
      ['2026-01-02T00:00:00Z', null],
    ]);
    expect((await list('formatOptions.timestampOutputFormat=INT64')).map(([ts]) => ts)).toEqual([
      '1672574400123456',
      '-1',
      '1500000',
      '1767319445100000',
      null,
      '1767312000000000',
    ]);
    expect((await list(''))[0]).toEqual(['1672574400.123456', '1672574400.123456']);
  });

  it('is compared, sorted, grouped, copied and printed with all its digits', async () => {
    const ids = async (condition: string) =>
      cells(await query(`SELECT id FROM d.t WHERE ${condition} ORDER BY ts`)).flat();
    expect(await ids(`ts = '${INSTANT}'`)).toEqual(['1']);
    expect(await ids('ts > micros')).toEqual(['2', '1']);
    expect(await ids("ts >= TIMESTAMP '1970-01-01' AND ts IS NOT NULL")).toEqual(['3', '1', '6', '4']);
    await query('CREATE TABLE d.copied AS SELECT ts, COUNT(*) AS n FROM d.t WHERE id < 3 GROUP BY ts');
    await query('INSERT d.copied (ts, n) SELECT micros, 7 FROM d.t WHERE id = 1');
    expect(cells(await query('SELECT ts, n FROM d.copied ORDER BY ts'))).toEqual([
      [BEFORE_EPOCH, '1'],
      ['2023-01-01T12:00:00.123456000000Z', '7'],
      [INSTANT, '1'],
    ]);
    expect(cells(await query('SELECT TO_JSON_STRING(STRUCT(ts)) FROM d.t WHERE id = 1'))).toEqual([
      [`{"ts":"${INSTANT}"}`],
    ]);
  });

  it.each([
    'EXTRACT(YEAR FROM ts)',
    'TIMESTAMP_ADD(ts, INTERVAL 1 DAY)',
    'CAST(ts AS STRING)',
    'CAST(ts AS TIMESTAMP)',
    'ts + INTERVAL 1 DAY',
    'FORMAT_TIMESTAMP("%Y", ts)',
  ])('is refused by name where it is not understood: %s', async (expression) => {
    const { status, message } = await refusedCall(query(`SELECT ${expression} FROM d.t`));
    expect(status).toBe(400);
    expect(message).toMatch(/TIMESTAMP\(12\).* is not supported by the local BigQuery/);
  });

  it('is never changed to another precision', async () => {
    const fields = [
      { name: 'id', type: 'INTEGER' },
      { name: 'ts', type: 'TIMESTAMP' },
    ];
    await table('plain', ...fields);
    const precise = { ...fields[1], timestampPrecision: '12' };
    const change = { schema: { fields: [fields[0], precise] } };
    expect(await refusedCall(send('PATCH', 'datasets/d/tables/plain', change))).toMatchObject({
      message: expect.stringContaining('changed type from TIMESTAMP to TIMESTAMP(12)'),
    });
    const bad = (more: object) => refusedCall(table('bad', { name: 'x', type: 'TIMESTAMP', ...more }));
    expect(await bad({ timestampPrecision: 9 })).toMatchObject({
      message: 'Field x: timestampPrecision must be 6 or 12, got 9',
    });
    expect(await bad({ type: 'DATE', timestampPrecision: 12 })).toMatchObject({ status: 400 });
    const destination = { projectId: fixture.bigquery.projectId, datasetId: 'd', tableId: 'plain' };
    const { body } = await send('POST', 'jobs', {
      configuration: {
        query: {
          query: 'SELECT id, ts FROM d.t',
          destinationTable: destination,
          writeDisposition: 'WRITE_APPEND',
        },
      },
    });
    const { jobId, location } = body.jobReference;
    const results = send('GET', `queries/${jobId}?location=${location}`);
    expect(await refusedCall(results)).toMatchObject({
      message: expect.stringContaining('Field ts has changed type'),
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
});

afterAll(() => fixture.close());

const rows = (query: string) => rowsOf(fixture.client, query);
const date = (text: string) => `RANGE<DATE> '${text}'`;
const YEAR = '[2020-01-01, 2021-01-01)';
const SINCE = '[2020-07-01, UNBOUNDED)';
const ALWAYS = '[UNBOUNDED, UNBOUNDED)';

describe('a RANGE', () => {
  it('is stored from SQL and from streamed rows, and is read by Google’s client', async () => {
    await rows(
      'CREATE TABLE d.stays (id INT64, d RANGE<DATE>, t RANGE<TIMESTAMP>, all_d ARRAY<RANGE<DATE>>)',
    );
    const { schema } = await fixture.bigquery.getTable('d', 'stays');
    const element = (type: string) => ({ type: 'RANGE', rangeElementType: { type } });
    expect(schema.fields).toMatchObject([{}, element('DATE'), element('TIMESTAMP'), element('DATE')]);
    await rows(
      `INSERT d.stays VALUES (1, ${date(YEAR)}, RANGE(TIMESTAMP '2020-01-01', NULL), [${date(SINCE)}])`,
    );
    const { client } = fixture;
    const range = client.range('[2020-10-01T12:00:00Z, 2020-12-31T12:00:00Z)', 'TIMESTAMP');
    await client
      .dataset('d')
      .table('stays')
      .insert([
        { id: 2, d: { end: '2020-02-01' }, t: range },
        { id: 3, d: ALWAYS },
      ]);
    const [read] = await client.query('SELECT d, t, all_d FROM d.stays ORDER BY id');
    const values = read.map((row: Record<string, { apiValue: string } | null>) => [
      row.d?.apiValue,
      row.t?.apiValue,
    ]);
    expect(values).toEqual([
      [YEAR, '[2020-01-01T00:00:00.000Z, UNBOUNDED)'],
      ['[UNBOUNDED, 2020-02-01)', '[2020-10-01T12:00:00.000Z, 2020-12-31T12:00:00.000Z)'],
      [ALWAYS, undefined],
    ]);
    const types = "SELECT data_type FROM d.INFORMATION_SCHEMA.COLUMNS WHERE column_name LIKE '%d' ORDER BY 1";
    expect((await rows(types)).flat()).toEqual(['ARRAY<RANGE<DATE>>', 'INT64', 'RANGE<DATE>']);
    const bad = await fixture.bigquery.insertAll('d', 'stays', {
      rows: [{ json: { d: { start: '2020-01-02', end: '2020-01-01' } } }],
    });
    expect(bad.insertErrors?.[0]?.errors[0]).toMatchObject({ location: 'd', reason: 'invalid' });
  });

  it('is a parameter, by name and by position', async () => {
    const range = fixture.client.range('[2020-10-01 12:00:00+08, 2020-12-31 12:00:00+08)', 'TIMESTAMP');
    for (const [query, params] of [
      ['SELECT RANGE_START(?) = TIMESTAMP "2020-10-01 04:00:00+00"', [range]],
      ['SELECT RANGE_START(@r) = TIMESTAMP "2020-10-01 04:00:00+00"', { r: range }],
    ] as const) {
      expect(await rowsOf(fixture.client, query, params as never)).toEqual([[true]]);
    }
  });

  it.each([
    [`CAST(RANGE(DATE '2020-01-01', DATE '2021-01-01') AS STRING)`, YEAR],
    [`CAST(RANGE(NULL, DATETIME '2020-01-01 10:00:00') AS STRING)`, '[UNBOUNDED, 2020-01-01 10:00:00)'],
    [`CAST(IF(FALSE, ${date(YEAR)}, NULL) AS STRING)`, null],
    [`FORMAT('%t %T', ${date(YEAR)}, ${date(SINCE)})`, `${YEAR} RANGE<DATE> "${SINCE}"`],
    [`RANGE_START(${date(SINCE)})`, '2020-07-01'],
    [`RANGE_END(${date(SINCE)})`, null],
    [`RANGE_CONTAINS(${date(YEAR)}, DATE '2020-01-01')`, true],
    [`RANGE_CONTAINS(${date(YEAR)}, DATE '2021-01-01')`, false],
    [`RANGE_CONTAINS(${date(ALWAYS)}, ${date(SINCE)})`, true],
    [`RANGE_CONTAINS(${date(YEAR)}, ${date(SINCE)})`, false],
    [`RANGE_OVERLAPS(${date(YEAR)}, ${date(SINCE)})`, true],
    [`RANGE_OVERLAPS(${date(YEAR)}, ${date('[2021-01-01, 2022-01-01)')})`, false],
    [`RANGE_OVERLAPS(${date(YEAR)}, CAST(NULL AS RANGE<DATE>))`, null],
    [`CAST(RANGE_INTERSECT(${date(YEAR)}, ${date(SINCE)}) AS STRING)`, '[2020-07-01, 2021-01-01)'],
    [`${date(YEAR)} = RANGE(DATE '2020-01-01', DATE '2021-01-01')`, true],
    // By the start, of which an unbounded one is the least, then by the end, of which it is the greatest.
    [`${date(ALWAYS)} < ${date(YEAR)}`, true],
    [`${date('[2020-01-01, UNBOUNDED)')} > ${date(YEAR)}`, true],
    [`CAST(GREATEST(${date(YEAR)}, ${date(SINCE)}) AS STRING)`, SINCE],
    // Each step is counted from the start: the last day of a month stays the last.
    [
      `ARRAY(SELECT CAST(part AS STRING) FROM UNNEST(GENERATE_RANGE_ARRAY(${date('[2024-01-31, 2024-04-05)')}, INTERVAL 1 MONTH)) part)`,
      ['[2024-01-31, 2024-02-29)', '[2024-02-29, 2024-03-31)', '[2024-03-31, 2024-04-05)'],
    ],
    [
      `ARRAY(SELECT CAST(part AS STRING) FROM UNNEST(GENERATE_RANGE_ARRAY(${date('[2024-01-01, 2024-01-06)')}, INTERVAL 2 DAY, FALSE)) part)`,
      ['[2024-01-01, 2024-01-03)', '[2024-01-03, 2024-01-05)'],
    ],
    [`ARRAY_LENGTH(GENERATE_RANGE_ARRAY(${date(YEAR)}, CAST(NULL AS INTERVAL)))`, null],
  ])('%s', async (expression, expected) => {
    expect(await rows(`SELECT ${expression}`)).toEqual([[expected]]);
  });

  it.each([
    [
      `RANGE(DATE '2020-01-02', DATE '2020-01-02')`,
      'must be smaller than range end element: [2020-01-02, 2020-01-02)',
    ],
    [`RANGE_INTERSECT(${date(YEAR)}, ${date('[2021-01-01, 2022-01-01)')})`, 'do not overlap'],
    [date('[2020-01-02, 2020-01-01)'), 'Invalid RANGE<DATE> literal'],
    [date('2020-01-02'), 'Invalid RANGE<DATE> literal'],
    [`RANGE<INT64> '[1, 2)'`, 'the element must be a DATE, DATETIME or TIMESTAMP'],
    [`TO_JSON_STRING(${date(YEAR)})`, 'JSON of a RANGE is not supported by the local BigQuery'],
    [
      `CAST('${YEAR}' AS RANGE<DATE>)`,
      'CAST from STRING to RANGE<DATE> is not supported by the local BigQuery',
    ],
    [`GENERATE_RANGE_ARRAY(${date(SINCE)}, INTERVAL 1 MONTH)`, 'input RANGE cannot have UNBOUNDED endpoints'],
    [`GENERATE_RANGE_ARRAY(${date(YEAR)}, INTERVAL 0 DAY)`, 'step cannot be 0'],
    [`GENERATE_RANGE_ARRAY(${date(YEAR)}, INTERVAL -1 DAY)`, 'step cannot be negative'],
    [
      `GENERATE_RANGE_ARRAY(${date(YEAR)}, INTERVAL 24 HOUR)`,
      'step with non-zero (H:M:S[.F]) part is not supported',
    ],
    [`GENERATE_RANGE_ARRAY(${date('[0001-01-01, 9999-12-31)')}, INTERVAL 1 DAY)`, 'too many elements'],
  ])('%s is refused', async (expression, message) => {
    expect((await refusal(rows(`SELECT ${expression}`))).message).toContain(message);
  });
});

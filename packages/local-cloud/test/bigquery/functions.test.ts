import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';
import { CAST_FORMAT } from './vectors/cast-format.ts';
import { CAST_FORMAT_MORE } from './vectors/cast-format-more.ts';
import { DECIMALS } from './vectors/decimals.ts';
import { DOCUMENTED } from './vectors/documented.ts';
import { ERRORS } from './vectors/errors.ts';
import { EXTREMES } from './vectors/extremes.ts';
import { FORMAT } from './vectors/format.ts';
import { INTERVAL } from './vectors/interval.ts';
import { JSON_TEXT } from './vectors/json.ts';
import { JSON_TYPE } from './vectors/json-type.ts';
import { MORE } from './vectors/more.ts';
import { TEXT } from './vectors/text.ts';
import { TIME } from './vectors/time.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
});

afterAll(() => fixture.close());

const query = (sql: string) => (sql.startsWith('SELECT ') ? sql : `SELECT ${sql}`);

describe.each(
  Object.entries({
    text: TEXT,
    format: FORMAT,
    'JSON in texts': JSON_TEXT,
    'type JSON': JSON_TYPE,
    INTERVAL,
    'errors and values without a column': ERRORS,
    'NUMERIC and BIGNUMERIC': DECIMALS,
    time: TIME,
    'extreme values': EXTREMES,
    'other kinds': MORE,
    'CAST with FORMAT': CAST_FORMAT,
    'the reference of BigQuery': DOCUMENTED,
    'CAST with FORMAT of numbers, BYTES and texts': CAST_FORMAT_MORE,
  }),
)('the functions of %s', (_, vectors) => {
  it.each(vectors.filter(([, expected]) => typeof expected !== 'string'))(
    'give what Google gives: %s',
    async (sql, expected) => {
      expect(await rowsOf(fixture.client, query(sql))).toEqual([expected]);
    },
  );

  it.each(vectors.filter(([, expected]) => typeof expected === 'string'))(
    'refuse what Google refuses: %s',
    async (sql, expected) => {
      const { code, message, reason } = await refusal(fixture.client.query(query(sql)));
      expect({ code, reason, message: message.replace(/ at \[\d+:\d+\]$/, '') }).toEqual({
        code: 400,
        reason: 'invalidQuery',
        message: expected,
      });
    },
  );
});

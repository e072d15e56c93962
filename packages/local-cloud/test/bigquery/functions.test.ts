import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';
import { FORMAT } from './vectors/format.ts';
import { JSON_TEXT } from './vectors/json.ts';
import { TEXT } from './vectors/text.ts';
import { TIME } from './vectors/time.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
});

afterAll(() => fixture.close());

describe.each(Object.entries({ text: TEXT, format: FORMAT, json: JSON_TEXT, time: TIME }))(
  'the functions of %s',
  (_, vectors) => {
    it.each(vectors.filter(([, expected]) => typeof expected !== 'string'))(
      'give what Google gives: %s',
      async (sql, expected) => {
        expect(await rowsOf(fixture.client, `SELECT ${sql}`)).toEqual([expected]);
      },
    );

    it.each(vectors.filter(([, expected]) => typeof expected === 'string'))(
      'refuse what Google refuses: %s',
      async (sql, expected) => {
        const { code, message, reason } = await refusal(fixture.client.query(`SELECT ${sql}`));
        expect({ code, reason, message: message.replace(/ at \[\d+:\d+\]$/, '') }).toEqual({
          code: 400,
          reason: 'invalidQuery',
          message: expected,
        });
      },
    );
  },
);

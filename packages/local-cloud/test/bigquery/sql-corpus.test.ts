import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, startBigQuery } from './support/bigquery.ts';

interface Answer {
  readonly schema: unknown;
  readonly rows?: readonly unknown[];
}

/** A query on which the local BigQuery and Google's evaluator agree. */
interface Sample {
  readonly query: string;
  readonly ordered: boolean;
  readonly answer: Answer | 'error';
}

/** `pnpm prove sql --corpus` writes it: the queries of the tables, then the samples. */
const FILE = join(import.meta.dirname, 'sql-corpus.jsonl');
const [tables, ...samples] = readFileSync(FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line)) as [Readonly<Record<string, string>>, ...Sample[]];
/** Queries of one test. */
const GROUP = 100;
/** The last digits of a sine depend on the machine. */
const LONG_FRACTION = /"-?\d+\.\d{10,}(e[+-]\d+)?"/g;
const DIGITS = 12;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  for (const [name, query] of Object.entries(tables)) await ask(`CREATE TABLE d.${name} AS ${query}`);
});

afterAll(() => fixture.close());

async function ask(query: string): Promise<Answer | 'error'> {
  const response = await fetch(`${fixture.server.url}/bigquery/v2/projects/records-local/queries`, {
    method: 'POST',
    body: JSON.stringify({
      query,
      useLegacySql: false,
      defaultDataset: { datasetId: 'd' },
      formatOptions: { useInt64Timestamp: true },
    }),
  });
  // 404: a query of a table that is not there.
  expect([200, 400, 404]).toContain(response.status);
  const { schema, rows = [] } = (await response.json()) as Answer;
  return response.ok ? { schema, rows } : 'error';
}

/** The answer with long fractions rounded, and unordered rows sorted. */
function comparable(answer: Answer | 'error', ordered: boolean): unknown {
  if (answer === 'error') return answer;
  const rounded = (text: string) => Number(JSON.parse(text)).toPrecision(DIGITS);
  const rows = (answer.rows ?? []).map((row) => JSON.stringify(row).replace(LONG_FRACTION, rounded));
  return { schema: answer.schema, rows: ordered ? rows : rows.sort() };
}

describe("the corpus of Google's evaluator", () => {
  const groups = Array.from({ length: Math.ceil(samples.length / GROUP) }, (_, index) =>
    samples.slice(index * GROUP, (index + 1) * GROUP),
  );

  it.each(groups.map((group, index) => [index * GROUP + 1, group] as const))(
    'has the recorded answers from query %i on',
    async (_, group) => {
      for (const { query, ordered, answer } of group) {
        const found = comparable(await ask(query), ordered);
        expect([query, found]).toEqual([query, comparable(answer, ordered)]);
      }
    },
  );
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { bigqueryClient } from '@records/stack/clients';
import { refusalOf } from '../src/sql/refusal.ts';
import { sql, sqlFrom } from './support/ops.ts';
import { TestStack } from './support/stack.ts';

// Whole processes, on a machine that may be busy.
let stack: TestStack;
let folder: string;
let here: readonly [string, string];
beforeAll(async () => {
  stack = await TestStack.start();
  folder = mkdtempSync(join(tmpdir(), 'sql-'));
  here = ['--stack-file', join(folder, 'stack.json')];
  writeFileSync(here[1], JSON.stringify(stack.description));
});
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const VALUES = `SELECT NULL AS nothing, -1 AS n, 9223372036854775807 AS big, NUMERIC '0.000000001' AS exact, 'a,"b\\n' AS line,
  '=1+1' AS formula, TIMESTAMP '2026-01-02 03:04:05Z' AS moment, [1, 2] AS list, STRUCT('x' AS y) AS pair, b'a' AS bytes,
  RANGE(DATE '2026-01-02', NULL) AS span`;

it('prints each value as it is: NULL can be seen, large integers are whole, and a text stays on its line', async () => {
  expect(await sql(VALUES, ...here)).toEqual({
    exitCode: 0,
    stdout: [
      'nothing  n   big                  exact        line    formula  moment                    list   pair       bytes  span',
      'NULL     -1  9223372036854775807  0.000000001  a,"b\\n  =1+1     2026-01-02T03:04:05.000Z  [1,2]  {"y":"x"}  YQ==   [2026-01-02, UNBOUNDED)\n',
    ].join('\n'),
    stderr: '1 row; billed nothing\n',
  });
});

it('prints JSON, and CSV that no spreadsheet takes for a formula', async () => {
  const [json, csv] = await Promise.all([sql(VALUES, '--json', ...here), sql(VALUES, '--csv', ...here)]);
  expect(JSON.parse(json.stdout)).toEqual([
    {
      ...{ nothing: null, n: -1, big: '9223372036854775807', exact: '0.000000001', line: 'a,"b\n' },
      ...{
        formula: '=1+1',
        moment: '2026-01-02T03:04:05.000Z',
        list: [1, 2],
        pair: { y: 'x' },
        bytes: 'YQ==',
        span: '[2026-01-02, UNBOUNDED)',
      },
    },
  ]);
  expect(csv.stdout).toContain(`\r\n,-1,9223372036854775807,0.000000001,"a,""b\n",'=1+1,2026-`);
});

it('prints what a query bills and what Google charges for it in its region', async () => {
  const rows = ['a', 'b', 'c'].map((id) => `('${id}', DATE '2026-01-01')`);
  await bigqueryClient(stack.target).query(`INSERT INTO records.records (id, pais) VALUES ${rows}`);
  const [asked, cut] = await Promise.all([
    sql('SELECT id FROM records.records ORDER BY id', ...here),
    sql('SELECT id FROM records.records ORDER BY id', '--limit', '2', ...here),
  ]);
  expect(asked).toEqual({
    exitCode: 0,
    stdout: 'id\na\nb\nc\n',
    stderr: '3 rows; billed 10 MiB: 0.00006 USD, at 6.25 USD per TiB in EU\n',
  });
  expect(cut.stdout).toBe('id\na\nb\n');
  expect(cut.stderr).toMatch(/^only the first 2 rows of 3; --limit prints more\n3 rows; /);
});

it('checks a query without running it', async () => {
  const query = 'CREATE TABLE records.copies AS SELECT * FROM records.records';
  const { exitCode, stdout, stderr } = await sql(query, '--dry-run', ...here);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(stderr).toMatch(/^it would bill \S.*/);
  // BigQuery lists what ran, and not a dry run.
  expect(await queriesRun()).not.toContainEqual(expect.objectContaining({ query }));
});

it("fails with BigQuery's words and the place in a query from standard input", async () => {
  expect(await sqlFrom('SELECT id,\n  name FROM records.records', '-', ...here)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'error: Unrecognized name: name at [2:3]\n    name FROM records.records\n    ^\n',
  });
});

it('lets BigQuery refuse a query that is billed more than --max-gib', async () => {
  await sql('SELECT 7', '--max-gib', '3', ...here);
  expect(await queriesRun()).toContainEqual(
    expect.objectContaining({ query: 'SELECT 7', maximumBytesBilled: String(3 * 2 ** 30) }),
  );
});

it.each([
  ['Query exceeded limit for bytes billed: 10. 20971520 or higher required.', '--max-gib'],
  [
    'Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerUserPerDay, which is set by your administrator.',
    'queryGibPerAccountPerDay',
  ],
])('says what limits a query that is refused: %s', (message, hint) => {
  const refusal = refusalOf(Object.assign(new Error(message), { code: 403 }), 'SELECT 1');
  expect(refusal).toMatchObject({ name: 'UserError', message, hint: expect.stringContaining(hint) });
});

it('says what to do when there is nobody to ask as, or nothing to ask', async () => {
  const [analyst, empty, limit] = await Promise.all([
    sql('SELECT 1', '--as-analyst', ...here),
    sqlFrom('\n', '-', ...here),
    sql('SELECT 1', '--limit', '0', ...here),
  ]);
  expect(analyst.stderr).toContain('add one to `analysts` in infra/Pulumi.local.yaml');
  expect(empty.stderr).toContain('error: the query is empty');
  expect([analyst, empty, limit].map(({ exitCode }) => exitCode)).toEqual([1, 1, 2]);
});

/** What BigQuery was told to run. */
async function queriesRun(): Promise<unknown[]> {
  const [jobs] = await bigqueryClient(stack.target).getJobs({ projection: 'full' });
  return jobs.map(({ metadata }) => metadata.configuration.query);
}

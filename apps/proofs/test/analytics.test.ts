import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JobMetadata } from '@google-cloud/bigquery';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pricesIn } from '@records/infra/prices';
import { LocalStack } from '@records/local';
import { seedRecords } from '@records/seeder';
import { bigqueryClient } from '@records/stack/clients';
import { REPOSITORY } from '../src/shared/paths.ts';

const DOCUMENT = readFileSync(join(REPOSITORY, 'docs', 'analytics.md'), 'utf8');
const QUESTIONS = DOCUMENT.split(/^### /m)
  .slice(1)
  .map((section) => {
    const [, query = '', usd, answer] =
      /^```sql\n(-- (\S+) USD\n.*?)^```\n\n```text\n(.*?)^```$/ms.exec(section) ?? [];
    return { title: section.slice(0, section.indexOf('\n')), usd, query, answer };
  });
/** The table that the document speaks of. */
const TIB_PER_GIB = 1 / 1024;

let stack: LocalStack;
let folder: string;

beforeAll(async () => {
  stack = await LocalStack.create();
  // As `pnpm dev` fills an empty table, and then what the document types.
  const common = { count: 1_000, target: stack.seedTarget, signal: AbortSignal.timeout(60_000) };
  await seedRecords({ ...common, seed: 42 });
  await seedRecords({
    ...common,
    seed: 1,
    mix: { duplicates: 0.05, conflicts: 0.01, invalid: 0, poison: 0 },
  });
  folder = mkdtempSync(join(tmpdir(), 'analytics-'));
  writeFileSync(join(folder, 'stack.json'), JSON.stringify(stack.description));
}, 180_000);

afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What `pnpm sql` prints. */
async function printed(query: string, ...options: readonly string[]): Promise<string> {
  const cli = join(REPOSITORY, 'apps', 'operator', 'src', 'sql', 'cli.ts');
  const args = [cli, query, '--stack-file', join(folder, 'stack.json'), ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout;
}

function isForAnalysts(query: string): boolean {
  return query.includes('records_analytics.');
}

it('docs/analytics.md has ten questions, eight of them for analysts', () => {
  expect(QUESTIONS).toHaveLength(10);
  expect(QUESTIONS.filter(({ query }) => isForAnalysts(query))).toHaveLength(8);
});

describe.each(QUESTIONS)('$title', ({ query, answer, usd }) => {
  it('has the answer that `pnpm sql` prints', async () => {
    const options = isForAnalysts(query) ? ['--as-analyst'] : [];
    expect(await printed(query, ...options)).toBe(answer);
  });

  it('has the price that Google charges for a table of 1 GiB', async () => {
    const client = bigqueryClient(stack.seedTarget);
    const [job] = await client.createQueryJob({ query, dryRun: true });
    const { statistics } = job.metadata as JobMetadata;
    const { numBytes } = await stack.cloud.bigquery.getTable('records', 'records');
    const share = Number(statistics?.totalBytesProcessed) / Number(numBytes);
    const price = share * TIB_PER_GIB * pricesIn(stack.outputs.region).query.usd;
    expect(usd).toBe(price.toLocaleString('en-US', { maximumSignificantDigits: 2 }));
  });
});

it('an analyst is refused the table by `pnpm sql`, in the words of BigQuery', async () => {
  await expect(printed('SELECT id FROM records.records', '--as-analyst')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^error: Access Denied: Table records-local:records\.records: User does not have/,
    ),
  });
});

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Plan } from '../src/plan.ts';
import { startStack, type TestStack } from './support/stack.ts';

// Whole services, on a machine that may be busy.
jest.setTimeout(60_000);

const PACKAGE = join(import.meta.dirname, '..');
const guide = readFileSync(join(PACKAGE, '..', '..', 'docs', 'publishing.md'), 'utf8');
const run = promisify(execFile);

function snippet(language: string): string {
  const code = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (code === undefined) throw new Error(`docs/publishing.md has no ${language}`);
  return code;
}

describe('docs/publishing.md', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  const stored = async (ids: number) => {
    let rows: Record<string, string>[] = [];
    while (rows.length < ids) rows = await stack.rows();
    return rows.map(({ id }) => id).sort();
  };

  it('has TypeScript that gets the good messages of a refused request through, and names the bad ones', async () => {
    const plan = new Plan({ seed: 1, locale: 'latam' });
    const good = Array.from({ length: 40 }, (_, index) => plan.rowAt(index));
    const bad = [{ id: 'bad-1' }, { ...plan.rowAt(40), pais: 7 }];
    const records: object[] = (good as object[]).toSpliced(10, 0, ...bad);
    const { PUBSUB_EMULATOR_HOST = '' } = stack.target.environment;
    const { stdout } = await run(
      process.execPath,
      [
        '--input-type=module-typescript',
        '--eval',
        snippet('ts'),
        stack.target.topic,
        JSON.stringify(records),
      ],
      {
        cwd: PACKAGE,
        env: {
          ...{ PUBSUB_EMULATOR_HOST, GOOGLE_CLOUD_PROJECT: stack.target.projectId },
          METADATA_SERVER_DETECTION: 'none',
        },
      },
    );
    expect(JSON.parse(stdout)).toEqual(bad);
    expect(await stored(40)).toEqual(good.map(({ id }) => id).sort());
  });

  it('has a request by HTTP that stores its record', async () => {
    const before = (await stack.rows()).length;
    const { PUBSUB_EMULATOR_HOST } = stack.target.environment;
    const { stdout } = await run('sh', ['-c', snippet('sh')], {
      env: { PATH: process.env.PATH, PUBSUB: `http://${PUBSUB_EMULATOR_HOST}`, TOPIC: stack.target.topic },
    });
    expect(JSON.parse(stdout)).toEqual({ messageIds: [expect.any(String)] });
    expect(await stored(before + 1)).toContain('k3v9q2xw-7h2m4c8t');
  });
});

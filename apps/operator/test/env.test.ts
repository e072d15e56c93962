import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ops } from './support/ops.ts';
import { TestStack } from './support/stack.ts';

/** A folder's name may hold any character. */
const SECRETS = "/tmp/it's $HOME `ls` \n/secrets";

let stack: TestStack;
let folder: string;
let file: string;
beforeAll(async () => {
  stack = await TestStack.start();
  folder = mkdtempSync(join(tmpdir(), 'env-'));
  file = join(folder, 'stack.json');
  const metrics = {
    'records-api': 'http://127.0.0.1:1/metrics',
    'local-cloud': 'http://127.0.0.1:2/metrics',
  };
  const environment = { ...stack.target.environment, SECRETS };
  writeFileSync(file, JSON.stringify({ ...stack.description, metrics, environment }));
});
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('pnpm ops env', () => {
  it('prints the variables of the running stack, for any POSIX shell and as JSON', async () => {
    const [lines, json] = await Promise.all([
      ops('env', '--stack-file', file),
      ops('env', '--stack-file', file, '--json'),
    ]);
    expect({ ...json, stdout: '' }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const variables = JSON.parse(json.stdout);
    expect(variables).toMatchObject({
      ...stack.target.environment,
      ...{ SECRETS, GOOGLE_CLOUD_PROJECT: 'operator-test', RECORDS_TABLE: stack.target.table },
      ...{ RECORDS_TOPIC: stack.target.topic, API_METRICS: 'http://127.0.0.1:1/metrics' },
    });
    const program = `${lines.stdout}\n"$NODE" -p 'JSON.stringify(process.env)'`;
    const output = execFileSync('sh', ['-c', program], { env: { NODE: process.execPath }, encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject(variables);
  });
});

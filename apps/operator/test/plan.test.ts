import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { INFRA } from '@records/stack';
import { ops } from './support/ops.ts';

describe('pnpm ops plan', () => {
  it('prints the resources of a stack, and its made-up settings', async () => {
    const { exitCode, stdout, stderr } = await ops('plan', '-s', 'staging');
    expect(stdout).toBe(readFileSync(join(INFRA, 'plans', 'staging.txt'), 'utf8'));
    expect(stderr).toMatch(/^gcp:project is not set in Pulumi\.staging\.yaml: shown with example-staging$/m);
    expect(exitCode).toBe(0);
  }, 120_000);

  it('names the missing option', async () => {
    expect(await ops('plan')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('name a stack with -s'),
    });
    expect(await ops('plan', '--stak')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("'--stak'"),
    });
  }, 120_000);
});

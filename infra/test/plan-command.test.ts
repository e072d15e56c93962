import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { INFRA } from '../tools/examples.ts';

function pnpmPlan(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(INFRA, 'tools', 'plan.ts'), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('pnpm plan', () => {
  it('prints what a stack declares, and what it has made up to do so', () => {
    const { status, stdout, stderr } = pnpmPlan('-s', 'staging');
    expect(stdout).toBe(readFileSync(join(INFRA, 'plans', 'staging.txt'), 'utf8'));
    expect(stderr).toMatch(/^gcp:project is not set in Pulumi\.staging\.yaml: shown with example-staging$/m);
    expect(status).toBe(0);
  }, 120_000);

  it('says what it was not told', () => {
    expect(pnpmPlan()).toMatchObject({ status: 2, stderr: expect.stringContaining('Name it with -s') });
    expect(pnpmPlan('--stak')).toMatchObject({ status: 2, stderr: expect.stringContaining("'--stak'") });
    expect(pnpmPlan('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Usage: pnpm plan'),
    });
  }, 120_000);

  it('says why a stack can not be planned', () => {
    const { status, stderr, stdout } = pnpmPlan('-s', 'no/stack');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('"no/stack" is not a stack\'s name');
  }, 120_000);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runHere } from '@records/cli/testing';
import { INFRA } from '@records/stack';
import { ops as program } from '../src/program.ts';
import { ops } from './support/ops.ts';

const VERBS = 'preflight plan cost add-member image preview promote canary rollout rollback env'.split(' ');
const GROUPS = {
  'dead-letters': 'list show replay discard',
  person: 'show correct forget sweep',
  'api-keys': 'init list create revoke',
};

const IMAGE = `host/project/records/api@sha256:${'1f'.repeat(32)}`;

const here = (...args: readonly string[]) => runHere(program, args);

describe('pnpm ops', () => {
  it('shows on one screen an example of each verb', async () => {
    const { exitCode, stdout } = await here('--help');
    expect(exitCode).toBe(0);
    for (const name of [...VERBS, ...Object.keys(GROUPS)]) {
      expect(stdout).toMatch(new RegExp(`^  ${name}( .*)? {2,}\\S`, 'm'));
    }
    const lines = stdout.split('\n');
    expect(lines.length).toBeLessThan(27);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(110);
  });

  it.each(VERBS)('shows the stack and an example in the help of %s', async (name) => {
    const { exitCode, stdout } = await here(name, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('-s, --stack <name>');
    expect(stdout).toContain(`Example:\n  pnpm ops ${name} `);
  });

  it.each(Object.entries(GROUPS))('shows an example of each verb in the help of %s', async (group, names) => {
    const { exitCode, stdout } = await here(group, '--help');
    expect(exitCode).toBe(0);
    for (const name of names.split(' ')) {
      expect(stdout).toMatch(new RegExp(`^  ${name} .*? {2,}\\S`, 'm'));
      const help = await here(group, name, '--help');
      expect(help.exitCode).toBe(0);
      expect(help.stdout).toContain(`Example:\n  pnpm ops ${group} ${name} `);
    }
  });

  it.each([
    [['premote'], "unknown command 'premote'\n(Did you mean promote?)"],
    [['plan', '-s', 'nope'], 'There is no stack "nope" here: dev, local, prod, staging.'],
    [['dead-letters', 'lst'], '(Did you mean list?)'],
    [['plan'], 'name a stack with -s'],
    [['plan', '--stak'], "'--stak'"],
    [['preview'], "required option '-s, --stack <name>' not specified"],
    [
      ['preview', '-s', 'pord'],
      'There is no stack "pord" here: dev, local, prod, staging. Did you mean prod?',
    ],
    [['rollout', '0', '-s', 'dev'], '"0" must be start, all, or a percentage from 1 to 100'],
    [['rollout', 'start', '-s', 'dev'], 'name the image, by its digest'],
    [['rollout', '10', IMAGE, '-s', 'dev'], `too many words: ${IMAGE}`],
    [
      ['rollout', 'start', 'records/api:v2', '-s', 'dev'],
      '"records/api:v2" must name an image by its digest',
    ],
    [['promote', 'host/project/records/api:v2', '-s', 'dev'], 'must name an image by its digest'],
    [['canary', 'host/project/records/api@sha256:1f', '-s', 'dev'], 'must name an image by its digest'],
    [['rollback', '-s', 'local'], 'Stack "local" runs on this machine, by `pnpm dev`'],
    [
      ['image', '-s', 'dev', '--frozen', '--renew-bases'],
      "'--frozen' cannot be used with option '--renew-bases'",
    ],
    [['api-keys', 'create', 'a b'], '"a b" must be 1 to 63 letters'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await here(...args);
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('prints the resources of a stack and its made-up settings, as a process that exits with code 0', async () => {
    const { exitCode, stdout, stderr } = await ops('plan', '-s', 'staging');
    expect(stdout).toBe(readFileSync(join(INFRA, 'plans', 'staging.txt'), 'utf8'));
    expect(stderr).toMatch(/^gcp:project is not set in Pulumi\.staging\.yaml: shown with example-staging$/m);
    expect(stderr).toMatch(
      /\n\d+ resources \(34 monitoring, .*\), 14 grants; \d+ of them without effect in the local cloud\n$/,
    );
    expect(exitCode).toBe(0);
  });

  it('exits with code 2 as a process that was called wrongly', async () => {
    const { exitCode, stdout, stderr } = await ops('premote');
    expect(stderr).toContain('(Did you mean promote?)');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});

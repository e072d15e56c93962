import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { bench } from '../src/bench/program.ts';
import { prove } from '../src/program.ts';
import { REPOSITORY } from '../src/shared/paths.ts';

const LINES_OF_A_SCREEN = 40;

const GROUPS = [
  { group: bench, name: 'bench', cli: 'apps/proofs/src/bench/cli.ts' },
  { group: prove, name: 'prove', cli: 'apps/proofs/src/cli.ts' },
];

describe.each(GROUPS)('pnpm $name', ({ group, name, cli }) => {
  it('lists an example of each verb on one screen', () => {
    const { status, stdout } = spawnSync(process.execPath, [join(REPOSITORY, cli), '--help'], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    for (const verb of group.commands)
      expect(stdout).toMatch(new RegExp(`^  ${verb.name()}( .*)? {2,}\\S`, 'm'));
    expect(stdout.split('\n').length).toBeLessThanOrEqual(LINES_OF_A_SCREEN);
  });

  it.each(group.commands.map((verb) => [verb.name(), verb] as const))(
    'describes %s with an example, and starts nothing',
    async (verbName, verb) => {
      let help = '';
      verb.configureOutput({ writeOut: (text) => (help += text) });
      const parsed = group.parseAsync([verbName, '--help'], { from: 'user' });
      await expect(parsed).rejects.toMatchObject({ exitCode: 0 });
      expect(help).toContain(`Usage: pnpm ${name} ${verbName}`);
      expect(help).toContain(verb.description().slice(0, 40));
      expect(help).toContain(`Example:\n  pnpm ${name} ${verbName}`);
      expect(verb.summary()).not.toBe('');
    },
  );
});

describe('the arguments of a benchmark', () => {
  it.each([
    [['walk', '0'], '"0" must be an integer from 1 to 10000000'],
    [['api', '999'], '"999" must be an integer from 1000 to 10000000'],
    [['ingestion', '10', 'many'], '"many" must be an integer from 1 to 10000000'],
    [['walk', '10', '10', '10'], "too many arguments for 'walk'"],
    [['wlak'], '(Did you mean walk?)'],
  ])('are refused when they are wrong: %j', async (args, message) => {
    let output = '';
    for (const command of [bench, ...bench.commands])
      command.configureOutput({ writeErr: (text) => (output += text) });
    await expect(bench.parseAsync(args, { from: 'user' })).rejects.toMatchObject({ exitCode: 1 });
    expect(output).toContain(message);
  });
});

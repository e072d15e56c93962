import { describe, expect, it } from '@jest/globals';
import { runHere } from '@records/cli/testing';
import { seed } from '../src/program.ts';
import { runCli } from './support/cli.ts';
import { withFolder } from './support/folder.ts';

// Whole processes, on a machine that may be busy.
describe('wrong options', () => {
  it.each([
    [['--count', '0'], `'--count <n>' argument '0' is invalid. "0" must be an integer from 1 to 100000000`],
    [['--count', '100000001'], 'must be an integer from 1 to 100000000'],
    [['--count', '-5'], '"-5" must be an integer'],
    [['--count', '1e3'], '"1e3" must be an integer'],
    [['--count', '10.5'], '"10.5" must be an integer'],
    [['--count', ''], '"" must be an integer'],
    [['--count'], "option '--count <n>' argument missing"],
    [['--seed', '9007199254740992'], 'must be an integer from 0 to 9007199254740991'],
    [['--seed', 'abc'], '"abc" must be an integer'],
    [['--locale', 'de'], 'Allowed choices are latam, es, '],
    [['--wait', '0'], '"0" must be an integer from 1 to 3600'],
    [['--rate', '0'], '"0" must be an integer from 1 to 1000000'],
    [['--duplicates', '5'], '"5" must be a percentage from 0% to 100%, such as 5% or 0.5%'],
    [['--poison', '101%'], '"101%" must be a percentage'],
    [['--invalid', '60%', '--poison', '60%'], 'are 120% together; at most 100% is possible'],
    [['--conflicts', '95%'], 'are 95% together; at most 90% is possible; leave records'],
    [['--verify'], "option '--verify' needs --seed"],
    [['--cuont', '5'], "unknown option '--cuont'\n(Did you mean --count?)"],
    [['1000'], 'too many arguments'],
    [['--stack', 'pord'], 'There is no stack "pord" here: dev, local, prod, staging. Did you mean prod?'],
  ])('%j exit with code 2 and state the rule', async (args, message) => {
    const { exitCode, stdout, stderr } = await runHere(seed, args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});

describe('the command line', () => {
  it('prints its help on stdout', async () => {
    const { exitCode, stdout, stderr } = await runHere(seed, ['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const option of [
      'Example:',
      '--count',
      '--seed',
      '--locale',
      '--stack',
      '--wait',
      '--rate',
      '--poison',
      '--verify',
      '--json',
      'Exit codes',
    ]) {
      expect(stdout).toContain(option);
    }
  });

  it('says how to start a stack, or name one, when none runs', async () => {
    await withFolder(async (cwd) => {
      const { exitCode, stdout, stderr } = await runCli(['--stack-file', 'stack.json'], { cwd });
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toBe(
        'error: no local stack is running: there is no stack.json\n' +
          '       start one with `pnpm dev` in another terminal, or name a deployed one: --stack dev\n',
      );
    });
  });

  it('ends quietly when the reader of its output has seen enough', async () => {
    const { exitCode, stderr } = await runCli(['--help'], { onStart: ({ stdout }) => stdout.destroy() });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('accepts options after the -- that npm needs', async () => {
    const { exitCode, stderr } = await runCli(['--', '--count', 'x']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"x" must be an integer');
  });

  it('refuses made-up people for prod without --allow-prod', async () => {
    for (const stack of ['prod', 'acme/records/prod']) {
      const { exitCode, stderr } = await runHere(seed, ['--stack', stack]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('--allow-prod');
    }
  });
});

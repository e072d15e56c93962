import { describe, expect, it, jest } from '@jest/globals';
import { runCli } from './support/cli.ts';
import { withFolder } from './support/folder.ts';

// Whole processes, on a machine that may be busy.
jest.setTimeout(60_000);

describe('wrong options', () => {
  it.each([
    [['--count', '0'], 'count must be a whole number from 1 to 100,000,000, got "0"'],
    [['--count', '100000001'], 'count must be a whole number from 1 to 100,000,000, got "100000001"'],
    [['--count', '-5'], 'got "-5"'],
    [['--count', '1e3'], 'got "1e3"'],
    [['--count', '10.5'], 'got "10.5"'],
    [['--count', ''], 'got ""'],
    [['--count'], "option '--count <n>' argument missing"],
    [['--seed', '9007199254740992'], 'seed must be a whole number from 0 to 9,007,199,254,740,991'],
    [['--seed', 'abc'], 'got "abc"'],
    [['--locale', 'de'], 'choose one of: latam, es, '],
    [['--wait', '0'], 'wait must be a whole number from 1 to 3,600, got "0"'],
    [['--rate', '0'], 'rate must be a whole number from 1 to 1,000,000, got "0"'],
    [
      ['--duplicates', '5'],
      'duplicates must be a percentage from 0% to 100%, got "5"; write it like 5% or 0.5%',
    ],
    [['--poison', '101%'], 'got "101%"'],
    [['--invalid', '60%', '--poison', '60%'], 'are 120% together; at most 100% is possible'],
    [['--conflicts', '95%'], 'are 95% together; at most 90% is possible; there must be records'],
    [['--verify'], "option '--verify' needs --seed"],
    [['--cuont', '5'], "unknown option '--cuont'\n(Did you mean --count?)"],
    [['1000'], 'too many arguments'],
  ])('%j end with exit code 2 and say the rule', async (args, message) => {
    const { exitCode, stdout, stderr } = await runCli(args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});

describe('the command line', () => {
  it('prints its help on stdout', async () => {
    const { exitCode, stdout, stderr } = await runCli(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const option of [
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

  it('takes options after the -- that npm users type', async () => {
    const { exitCode, stderr } = await runCli(['--', '--count', 'x']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('got "x"');
  });

  it('refuses fake people for prod unless they are asked for', async () => {
    for (const stack of ['prod', 'acme/records/prod']) {
      const { exitCode, stderr } = await runCli(['--stack', stack]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('--allow-prod');
    }
  });
});

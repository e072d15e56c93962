import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SAMPLE = join(import.meta.dirname, 'support', 'sample.ts');

function run(args: readonly string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, npm_execpath: '/usr/lib/pnpm/pnpm.mjs', ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [SAMPLE, ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr };
}

describe('a command', () => {
  it('exits 0 after its help, which lists an example for each verb', () => {
    const { status, stdout } = run(['--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}greet Ana --times 2 {2,}greet somebody$/m);
    expect(stdout).toMatch(/^ {2}refuse {2,}fail with a hint$/m);
  });

  it('shows the options and an example in the help of a verb', () => {
    const { status, stdout } = run(['greet', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: pnpm sample greet [options] <name>');
    expect(stdout).toContain('\nGreet somebody.\n');
    expect(stdout).toContain('Example:\n  pnpm sample greet Ana --times 2\n');
    expect(stdout).toContain('\nExit codes: 0 done, 1 not done, 2 wrong options.\n');
  });

  it('runs a verb, also after the -- that npm passes on', () => {
    expect(run(['greet', 'Ana'])).toEqual({ status: 0, stdout: 'Hello, Ana\n', stderr: '' });
    expect(run(['--', 'greet', 'Ana']).stdout).toBe('Hello, Ana\n');
  });

  it('exits 2 without a verb, and shows the verbs', () => {
    const { status, stderr } = run([]);
    expect(status).toBe(2);
    expect(stderr).toContain('greet somebody');
  });

  it('exits 2 for an unknown verb, and names the nearest', () => {
    const { status, stderr } = run(['gret']);
    expect(status).toBe(2);
    expect(stderr).toContain("unknown command 'gret'");
    expect(stderr).toContain('Did you mean greet?');
  });

  it('exits 2 for a bad value, and names the value and the rule', () => {
    const { status, stderr } = run(['greet', 'Ana', '--times', '0']);
    expect(status).toBe(2);
    expect(stderr).toContain('"0" must be an integer from 1 to 1000000');
  });

  it('exits 2 for an empty argument or option, which an unset variable leaves', () => {
    for (const [args, name] of [
      [['greet', ''], "argument 'name'"],
      [['say', 'Ana', '--to', ''], "option '--to <names...>'"],
      [['say', 'Ana', '--to', 'Luis', ''], "option '--to <names...>'"],
    ] as const) {
      const { status, stdout, stderr } = run(args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`error: ${name} is empty; give it a value`);
    }
  });

  it('exits 2 for a word too many', () => {
    expect(run(['greet', 'Ana', 'Luis']).status).toBe(2);
  });

  it('exits 1 for an error that a person can mend, and says how', () => {
    expect(run(['refuse'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'error: the table is gone\n       make it again: pnpm ops apply -s dev\n',
    });
  });

  it('exits 1 for an error of Node or a Google client, with its message', () => {
    const { status, stderr } = run(['miss']);
    expect(status).toBe(1);
    expect(stderr).toBe("error: ENOENT: no such file or directory, open 'no-such-file'\n");
  });

  it('exits 1 for a fault of ours, with its stack', () => {
    const { status, stderr } = run(['break']);
    expect(status).toBe(1);
    expect(stderr).toContain('TypeError: a fault');
    expect(stderr).toContain('sample.ts');
  });

  it('writes commands as they can be typed where npx started it', () => {
    const { stderr } = run(['refuse'], { npm_execpath: '/home/ana/.npm/_npx/0390/node_modules/pnpm/pnpm' });
    expect(stderr).toContain('make it again: npx --yes pnpm@12.21.0 ops apply -s dev');
  });

  it('ends quietly when the reader of its output has seen enough', () => {
    const command = `"${process.execPath}" "${SAMPLE}" greet Ana --times 1000000; echo "exit $?" >&2`;
    const { stdout, stderr } = spawnSync('sh', ['-c', `(${command}) | head -n 1`], { encoding: 'utf8' });
    expect(stdout).toBe('Hello, Ana\n');
    expect(stderr).toBe('exit 0\n');
  });

  it.each(['greet Ana', '--help', 'say Ana'])(
    'exits 1 with one sentence when its output cannot be written: %s',
    (args) => {
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', `"${process.execPath}" "${SAMPLE}" ${args} > /dev/full`],
        {
          encoding: 'utf8',
        },
      );
      expect([status, stderr]).toEqual([
        1,
        'error: the output cannot be written: ENOSPC: no space left on device, write\n',
      ]);
    },
  );

  it('exits 1 when neither output nor error can be written', () => {
    const command = `"${process.execPath}" "${SAMPLE}" greet Ana > /dev/full 2> /dev/full`;
    expect(spawnSync('sh', ['-c', command]).status).toBe(1);
  });
});

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { namesTest, problemOf } from '../src/mutants/check.ts';
import { parseMutant, readMutants } from '../src/mutants/mutant.ts';
import { draw } from '../src/mutants/sample.ts';
import { REPOSITORY } from '../src/shared/paths.ts';
import { RUDE, SmallRepository } from './support/small-repository.ts';

describe('a kept mutant', () => {
  it.each(readMutants(REPOSITORY))(
    '$name applies, beside its package, and names a test that exists',
    (mutant) => {
      expect(problemOf(mutant, REPOSITORY)).toBeUndefined();
    },
  );
});

describe('a mutant cannot be kept', () => {
  const path = 'packages/low/mutants/rude.patch';

  it.each(['breaks', 'run', 'expect'])('without the header "%s"', (header) => {
    const text = RUDE.replace(`# ${header}:`, '# other:');
    expect(() => parseMutant(path, text)).toThrow(`${path} has no line "# ${header}: …"`);
  });

  it('with a time that is no number of seconds', () => {
    const text = RUDE.replace('# expect', '# timeout: soon\n# expect');
    expect(() => parseMutant(path, text)).toThrow('"# timeout: soon" must be a whole number of seconds');
  });

  it('when it changes several files, or none', () => {
    const patch = RUDE.slice(RUDE.indexOf('---'));
    expect(() => parseMutant(path, RUDE + patch)).toThrow(`${path} must change exactly one file`);
    expect(() => parseMutant(path, RUDE.replace(patch, ''))).toThrow(`${path} must change exactly one file`);
  });

  it('when another has its name', () => {
    using repository = new SmallRepository();
    repository.write('packages/high/mutants/rude.patch', RUDE);
    expect(() => readMutants(repository.root)).toThrow('two mutants are called rude');
  });

  it.each<[string, (text: string) => string, string]>([
    [
      'its patch does not apply',
      (text) => text.replace("'Hello'", "'Hi'"),
      'does not apply to packages/low/src',
    ],
    ['its patch changes nothing', (text) => text.replace('Go away', 'Hello'), 'changes nothing'],
    [
      'the patched file is gone',
      (text) => text.replaceAll('index.js', 'gone.js'),
      'no file packages/low/src/gone.js',
    ],
    [
      'its test file is gone',
      (text) => text.replace('greeting.test', 'gone.test'),
      'no test file packages/high/test',
    ],
    [
      'its test is gone',
      (text) => text.replace('by name\n', 'twice\n'),
      'has no test called "is greeted twice"',
    ],
    [
      'it is in another room',
      (text) => text.replaceAll('s/low/src', 's/high/src'),
      'belongs in packages/high/mutants',
    ],
  ])('when %s', (_reason, change, problem) => {
    using repository = new SmallRepository();
    expect(problemOf(parseMutant(path, change(RUDE)), repository.root)).toContain(problem);
  });
});

describe('a test file', () => {
  const file = `
    describe.each(STACKS)('the grants of stack %s', () => {
      it("lets Pub/Sub's account write", () => {});
      it(\`behind \${hops} proxies is not escaped\`, () => {});
    });`;

  it.each([
    "Pub/Sub's account",
    'behind 12 proxies is not',
    'stack prod lets Pub',
    'the grants of stack prod behind 1 proxies',
    'lets Pub\\/Sub',
  ])('has a test for the pattern "%s"', (pattern) => expect(namesTest(file, pattern)).toBe(true));

  it.each(['lets nobody write', 'behind one or two proxies', 'stack prod account', 'prod lets stack'])(
    'has no test for the pattern "%s"',
    (pattern) => expect(namesTest(file, pattern)).toBe(false),
  );
});

describe('a sample', () => {
  const mutants = Array.from({ length: 100 }, (_, n) => ({ name: `mutant-${n}` }));

  it('holds as many mutants as were asked for, or all', () => {
    expect(new Set(draw(mutants, 30, 'a commit')).size).toBe(30);
    expect(draw(mutants, 1_000, 'a commit')).toHaveLength(100);
  });

  it('is the same for a commit, and another for the next', () => {
    const sample = draw(mutants, 30, 'a commit');
    expect(draw(mutants.toReversed(), 30, 'a commit')).toEqual(sample);
    expect(draw(mutants, 30, 'the next commit')).not.toEqual(sample);
  });
});

describe('pnpm mutants', () => {
  const command = join(REPOSITORY, 'apps', 'proofs', 'src', 'mutants', 'cli.ts');
  const run = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });

  it('explains itself', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    for (const option of ['--times', '--workers', '--changed', '--sample', '--renew'])
      expect(stdout).toContain(option);
  });

  it.each([
    [['no-mutant-has-this-name'], 1, 'error: no mutant is called no-mutant-has-this-name'],
    [['('], 2, '"(" must be a regular expression'],
    [['--times', '0'], 2, '"0" must be an integer from 1 to 1000'],
    [['--renew', 'HEAD', '--changed'], 2, "'--renew <ref>' cannot be used with option '--changed [ref]'"],
  ])('refuses %j with exit code %d', (args, code, message) => {
    const { status, stderr } = run(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(code);
  });
});

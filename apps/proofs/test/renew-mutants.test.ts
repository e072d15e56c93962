import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { problemOf } from '../src/mutants/check.ts';
import { readMutants } from '../src/mutants/mutant.ts';
import { renewMutants } from '../src/mutants/renew.ts';
import { LOW, RUDE, SmallRepository } from './support/small-repository.ts';

const PATCH = 'packages/low/mutants/rude.patch';
const TARGET = 'packages/low/src/index.js';

let repository: SmallRepository;

beforeEach(() => {
  repository = new SmallRepository();
  repository.commit();
});

afterEach(() => repository[Symbol.dispose]());

function read(path: string): string {
  return readFileSync(join(repository.root, path), 'utf8');
}

/** Renews the one mutant, which must then be fit to be tried. */
function renewed() {
  const [renewal] = renewMutants(repository.root, 'HEAD');
  const [mutant] = readMutants(repository.root);
  if (mutant) expect(problemOf(mutant, repository.root)).toBeUndefined();
  return renewal;
}

describe('--renew', () => {
  it('keeps a patch whose file has not changed', () => {
    expect(renewed()).toEqual({ name: 'rude', state: 'kept' });
    expect(read(PATCH)).toBe(RUDE);
  });

  it('keeps a patch whose lines have moved', () => {
    repository.write(TARGET, `// The greeting.\n\n${LOW}`);
    expect(renewed()).toEqual({ name: 'rude', state: 'kept' });
    expect(read(PATCH)).toBe(RUDE);
  });

  it('takes over a change of the lines around the mutation', () => {
    repository.write(TARGET, LOW.replace('POLITE = true', 'POLITE = 1 > 0').replace('/**', '\n/**'));
    expect(renewed()).toEqual({ name: 'rude', state: 'renewed' });
    expect(read(PATCH)).toContain(' const POLITE = 1 > 0;\n');
    expect(read(PATCH)).toContain("-  const word = 'Hello';\n+  const word = 'Go away';\n");
  });

  it('takes over a change right beside the mutation', () => {
    repository.write(
      TARGET,
      LOW.replace('  const word', '  // The word.\n  const word').replace('`;', '`; // Said.'),
    );
    expect(renewed()).toEqual({ name: 'rude', state: 'renewed' });
    expect(read(PATCH)).toContain("   // The word.\n-  const word = 'Hello';\n+  const word = 'Go away';\n");
  });

  it('follows the patched file and the test to other rooms, also before git knows of the move', () => {
    for (const [from, to] of [
      [TARGET, 'apps/front/src/greeting.js'],
      ['packages/high/test/greeting.test.js', 'apps/front/test/said.test.js'],
    ] as const) {
      repository.write(to, read(from));
      rmSync(join(repository.root, from));
    }
    expect(renewed()).toEqual({ name: 'rude', state: 'renewed', note: 'is now in apps/front/mutants' });
    expect(existsSync(join(repository.root, PATCH))).toBe(false);
    const text = read('apps/front/mutants/rude.patch');
    expect(text).toContain('# run: apps/front test/said.test.js is greeted by name\n');
    expect(text).toContain('--- a/apps/front/src/greeting.js\n+++ b/apps/front/src/greeting.js\n');
  });

  it('finds in the commit a patch that was moved or broken since', () => {
    repository.write('apps/old/mutants/rude.patch', RUDE);
    repository.git('rm', '--quiet', PATCH);
    repository.git('add', '--all');
    repository.git('commit', '--quiet', '--message=before');
    repository.git('mv', 'apps/old/mutants/rude.patch', 'packages/low/rude.patch');
    rmSync(join(repository.root, 'packages/low/rude.patch'));
    repository.write(PATCH, RUDE.replace("'Hello'", "'Hi'"));
    expect(renewed()).toEqual({ name: 'rude', state: 'renewed' });
    expect(read(PATCH)).toBe(RUDE);
  });

  it('keeps a patch that somebody has renewed by hand', () => {
    repository.write(TARGET, LOW.replace("'Hello'", "'Hi'"));
    repository.write(PATCH, RUDE.replace("'Hello'", "'Hi'"));
    expect(renewed()).toEqual({ name: 'rude', state: 'kept' });
  });

  it('brings a patch beside the package that it changes', () => {
    repository.write('packages/high/mutants/rude.patch', RUDE);
    rmSync(join(repository.root, PATCH));
    expect(renewed()).toEqual({ name: 'rude', state: 'renewed', note: 'is now in packages/low/mutants' });
    expect(read(PATCH)).toBe(RUDE);
  });

  it('names a patch whose lines have changed, and leaves it as it was', () => {
    repository.write(TARGET, LOW.replace("'Hello'", "'Hi'"));
    expect(renewMutants(repository.root, 'HEAD')).toEqual([
      { name: 'rude', state: 'conflict', note: `${TARGET} has changed at the same place` },
    ]);
    expect(read(PATCH)).toBe(RUDE);
    rmSync(join(repository.root, TARGET));
    expect(renewMutants(repository.root, 'HEAD')).toMatchObject([{ note: `${TARGET} is gone` }]);
  });

  it('says when there is no such commit', () => {
    expect(() => renewMutants(repository.root, 'nope')).toThrow(
      '--renew nope: this repository has no such commit',
    );
  });
});

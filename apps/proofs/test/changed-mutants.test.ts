import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changedMutants, changesSince } from '../src/mutants/changed.ts';
import { readMutants } from '../src/mutants/mutant.ts';
import { LOW, RUDE, SmallRepository } from './support/small-repository.ts';

let repository: SmallRepository;

beforeEach(() => {
  repository = new SmallRepository();
  repository.write('README.md', 'A small repository.');
  repository.commit();
});

afterEach(() => repository[Symbol.dispose]());

function namesOfChanged(ref?: string): string[] {
  const changes = changesSince(repository.root, ref);
  return changedMutants(repository.root, readMutants(repository.root), changes).map(({ name }) => name);
}

describe('--changed selects a mutant', () => {
  it.each<[string, string, string]>([
    ['its patch', 'packages/low/mutants/rude.patch', `${RUDE}\n`],
    ['the file that it patches', 'packages/low/src/index.js', `${LOW}\n`],
    ['its test', 'packages/high/test/greeting.test.js', "import '@small/low';"],
  ])('when %s differs', (_what, path, text) => {
    expect(namesOfChanged()).toEqual([]);
    repository.write(path, text);
    expect(namesOfChanged()).toEqual(['rude']);
    repository.git('commit', '--all', '--quiet', '--message=change');
    expect(namesOfChanged('HEAD')).toEqual([]);
    expect(namesOfChanged('HEAD^')).toEqual(['rude']);
  });

  it('when a file differs that its test imports through another package', () => {
    repository.write('packages/low/src/index.js', "export * from './words.js';");
    repository.write('packages/low/src/words.js', '');
    repository.write('packages/low/mutants/rude.patch', RUDE.replaceAll('src/index.js', 'src/words.js'));
    repository.git('add', '--all');
    repository.git('commit', '--quiet', '--message=words');
    repository.write('packages/low/src/words.js', LOW);
    expect(namesOfChanged()).toEqual(['rude']);
  });

  it('when git does not know its patch yet', () => {
    repository.write('packages/low/mutants/ruder.patch', RUDE);
    expect(namesOfChanged()).toEqual(['ruder']);
  });

  it('and no other', () => {
    repository.write('README.md', 'A very small repository.');
    repository.write('packages/low/src/unused.js', '');
    expect(changesSince(repository.root).files.size).toBe(2);
    expect(namesOfChanged()).toEqual([]);
  });
});

describe('--changed compares', () => {
  it('with origin/main rather than with main', () => {
    expect(changesSince(repository.root).since).toBe('main');
    repository.git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    expect(changesSince(repository.root).since).toBe('origin/main');
  });

  it('with the commit where the branch left, so later changes of main do not count', () => {
    repository.git('switch', '--quiet', '--create=branch');
    repository.git('switch', '--quiet', 'main');
    repository.write('packages/low/src/index.js', `${LOW}\n`);
    repository.git('commit', '--all', '--quiet', '--message=later');
    repository.git('switch', '--quiet', 'branch');
    expect(namesOfChanged('main')).toEqual([]);
  });

  it('with nothing when there is no such commit, and says so', () => {
    expect(() => namesOfChanged('infra')).toThrow('--changed infra: this repository has no such commit');
    repository.git('branch', '--move', 'main', 'trunk');
    expect(() => namesOfChanged()).toThrow('this repository has neither origin/main nor main');
    repository.git('switch', '--quiet', '--orphan=main');
    repository.git('commit', '--allow-empty', '--quiet', '--message=other');
    expect(() => namesOfChanged('trunk')).toThrow('trunk and HEAD have no commit in common');
  });
});

import { UserError } from '@records/cli';
import { commitOf, git } from './git.ts';
import { ImportGraph } from './import-graph.ts';
import { type Mutant, testFileOf } from './mutant.ts';

const DEFAULTS = ['origin/main', 'main'];

export interface Changes {
  /** The commit that the working tree is compared with, in the words of the command line. */
  readonly since: string;
  /** Paths from the repository's root. */
  readonly files: ReadonlySet<string>;
}

/**
 * The files in which the working tree, untracked files included, differs from the commit where this branch left `ref`.
 * Without a ref that is origin/main, or else main. Throws UserError when there is no such commit.
 */
export function changesSince(root: string, ref?: string): Changes {
  const since = (ref === undefined ? DEFAULTS : [ref]).find((name) => commitOf(root, name) !== undefined);
  if (since === undefined && ref === undefined)
    throw new UserError('this repository has neither origin/main nor main', {
      hint: 'name a commit to compare with: pnpm mutants --changed COMMIT',
    });
  if (since === undefined)
    throw new UserError(`--changed ${ref}: this repository has no such commit`, {
      hint: `for mutants of that name: pnpm mutants ${ref}`,
    });
  const base = baseOf(root, since);
  const listed = (...args: string[]) => git(root, args).split('\0').filter(Boolean);
  return {
    since,
    files: new Set([
      ...listed('diff', '--name-only', '--no-renames', '-z', base),
      ...listed('ls-files', '--others', '--exclude-standard', '--full-name', '-z'),
    ]),
  };
}

function baseOf(root: string, since: string): string {
  try {
    return git(root, ['merge-base', since, 'HEAD']).trim();
  } catch (cause) {
    throw new UserError(`${since} and HEAD have no commit in common`, {
      hint: 'a shallow clone may lack it: git fetch --unshallow',
      cause,
    });
  }
}

/** The mutants whose patch, patched file, or test with all that it imports is among the changed files. */
export function changedMutants(root: string, mutants: readonly Mutant[], { files }: Changes): Mutant[] {
  const imports = new ImportGraph(root);
  return mutants.filter((mutant) => {
    const own = [mutant.path, mutant.target];
    return [...own, ...imports.reachableFrom(testFileOf(mutant))].some((file) => files.has(file));
  });
}

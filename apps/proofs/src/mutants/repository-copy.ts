import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { UserError } from '@records/cli';
import { applyPatch } from 'diff';
import type { Mutant } from './mutant.ts';

const NOT_COPIED = new Set(['node_modules', '.git', '.local', '.turbo', '.jest', 'dist']);

/**
 * A copy of a repository's working tree in a temporary folder. Packages of the repository find each other in the copy;
 * all other packages are those that the repository has installed.
 */
export class RepositoryCopy implements Disposable {
  readonly #parent = mkdtempSync(join(realpathSync(tmpdir()), 'mutants-'));
  /** The copy's root folder. */
  readonly root = join(this.#parent, 'repository');
  /** Where Jest keeps compiled files. */
  readonly jestCache = join(this.#parent, 'jest');
  /** For what tests leave behind. */
  readonly temporary = join(this.#parent, 'tmp');

  constructor(original: string) {
    const installed: string[] = [];
    cpSync(original, this.root, {
      recursive: true,
      filter: (source) => {
        if (basename(source) === 'node_modules') installed.push(source);
        return !NOT_COPIED.has(basename(source));
      },
    });
    for (const folder of installed) linkPackages(folder, original, this.root);
    this.emptyTemporary();
  }

  emptyTemporary(): void {
    rmSync(this.temporary, { recursive: true, force: true, maxRetries: 5 });
    mkdirSync(this.temporary);
  }

  /** Applies a mutant. Disposing of the answer takes the change back. Throws UserError when the patch does not apply. */
  apply({ path, patch, target }: Mutant): Disposable {
    const file = join(this.root, target);
    const original = readFileSync(file, 'utf8');
    const mutated = applyPatch(original, patch);
    if (mutated === false)
      throw new UserError(`${path} does not apply to ${target}`, {
        hint: 'pnpm mutants --renew COMMIT renews it',
      });
    writeFileSync(file, mutated);
    return { [Symbol.dispose]: () => writeFileSync(file, original) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes the copy's counterpart of a folder `node_modules`: links into the copy, or to the installed packages. */
function linkPackages(installed: string, original: string, copy: string): void {
  const folder = join(copy, relative(original, installed));
  const names = readdirSync(installed);
  const scopes = names.filter((name) => name.startsWith('@'));
  const packages = [
    ...names.filter((name) => !name.startsWith('@')),
    ...scopes.flatMap((scope) => readdirSync(join(installed, scope)).map((name) => join(scope, name))),
  ];
  for (const name of packages) {
    const target = realpathSync(join(installed, name));
    if (!lstatSync(target).isDirectory()) continue;
    const path = relative(original, target);
    const isOurs = !path.startsWith('..') && !path.split(sep).includes('node_modules');
    const link = join(folder, name);
    mkdirSync(dirname(link), { recursive: true });
    // On Windows, where links need a permission, junctions do not.
    symlinkSync(isOurs ? join(copy, path) : target, link, 'junction');
  }
}

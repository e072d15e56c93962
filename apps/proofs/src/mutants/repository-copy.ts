import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@records/cli';
import { copyRepository } from '@records/stack/testing';
import { applyPatch } from 'diff';
import type { Mutant } from './mutant.ts';

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
    copyRepository(original, this.root);
    this.emptyTemporary();
  }

  emptyTemporary(): void {
    rmSync(this.temporary, { recursive: true, force: true, maxRetries: 5 });
    // A browser of a test that was ended may write for a moment longer, and so make the folder again.
    mkdirSync(this.temporary, { recursive: true });
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

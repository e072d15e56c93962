import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@records/stack';
import { copyRepository } from '@records/stack/testing';

/** A copy of the working tree with a history of its own, so that the commands of a document can write into it. Dispose of it. */
export class Checkout implements Disposable {
  readonly #parent = mkdtempSync(join(realpathSync(tmpdir()), 'checkout-'));
  readonly folder = join(this.#parent, 'repository');

  constructor() {
    copyRepository(REPOSITORY, this.folder);
    const git = (...args: readonly string[]) =>
      execFileSync('git', [...args], { cwd: this.folder, stdio: 'ignore' });
    git('init', '--quiet');
    git('add', 'package.json');
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    git(...author, 'commit', '--quiet', '--no-verify', '--message', 'copy');
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true, force: true });
  }
}

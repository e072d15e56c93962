import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '@records/stack';

/** A copy of the working copy with a history of its own, so that the commands of a document can write into it. Dispose of it. */
export class Checkout implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'checkout-'));

  constructor() {
    const git = (...args: readonly string[]) =>
      execFileSync('git', [...args], { cwd: REPOSITORY, encoding: 'utf8' });
    const files = git('ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate');
    const deleted = new Set(git('ls-files', '--deleted').split('\n'));
    for (const file of files.split('\n').filter((one) => one !== '' && !deleted.has(one))) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      cpSync(join(REPOSITORY, file), join(this.folder, file));
    }
    symlinkSync(join(REPOSITORY, 'node_modules'), join(this.folder, 'node_modules'));
    // Copied, not linked: their relative links lead to the packages of the copy.
    for (const modules of globSync('{apps/*,packages/*,docs,infra}/node_modules', { cwd: REPOSITORY })) {
      const options = { recursive: true, verbatimSymlinks: true } as const;
      cpSync(join(REPOSITORY, modules), join(this.folder, modules), options);
    }
    const here = { cwd: this.folder, stdio: 'ignore' } as const;
    execFileSync('git', ['init', '--quiet'], here);
    execFileSync('git', ['add', 'package.json'], here);
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    execFileSync('git', [...author, 'commit', '--quiet', '--no-verify', '--message', 'copy'], here);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

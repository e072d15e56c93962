import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../../src/shared/paths.ts';

/** A repository of two packages in a temporary folder: `low` has a function, and the test of `high` calls it. */
export class SmallRepository implements Disposable {
  readonly root = mkdtempSync(join(realpathSync(tmpdir()), 'small-repository-'));

  constructor() {
    this.write(
      'packages/low/package.json',
      '{ "name": "@small/low", "type": "module", "exports": "./src/index.js" }',
    );
    this.write('packages/low/src/index.js', LOW);
    this.write('packages/high/package.json', '{ "name": "@small/high", "type": "module" }');
    this.write('package.json', '{ "type": "module" }');
    this.write('jest.config.js', 'export default { rootDir: process.cwd(), transform: {} };');
    this.write('packages/high/test/greeting.test.js', HIGH_TEST);
    this.write('packages/low/mutants/rude.patch', RUDE);
    this.link('node_modules', join(REPOSITORY, 'node_modules'));
    this.link('packages/high/node_modules/@small/low', join(this.root, 'packages', 'low'));
    this.link(
      'packages/high/node_modules/@jest/globals',
      join(REPOSITORY, 'apps', 'proofs', 'node_modules', '@jest', 'globals'),
    );
  }

  write(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  link(path: string, target: string): void {
    const link = join(this.root, path);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link, 'junction');
  }

  git(...args: string[]): string {
    const who = [
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.com',
      '-c',
      'commit.gpgsign=false',
      '-c',
      'core.autocrlf=false',
    ];
    return execFileSync('git', [...who, ...args], {
      cwd: this.root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Makes a git repository with everything committed on the branch main. */
  commit(): void {
    this.write('.gitignore', 'node_modules\n');
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message=all');
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export const LOW = `/** Lines around the one that mutants change. */
const POLITE = true;

export function greeting(name) {
  const word = 'Hello';
  return \`\${word}, \${name}!\`;
}

export const isPolite = () => POLITE;
`;

const HIGH_TEST = `import { describe, expect, it } from '@jest/globals';
import { greeting } from '@small/low';

describe('a visitor', () => {
  it('is greeted by name', () => expect(greeting('Ada')).toBe('Hello, Ada!'));
});
`;

/** A patch in the package low that the test of the package high catches. */
export const RUDE = `# breaks: nobody is greeted
# run: packages/high test/greeting.test.js is greeted by name
# expect: ✕ is greeted by name

--- a/packages/low/src/index.js
+++ b/packages/low/src/index.js
@@ -2,7 +2,7 @@
 const POLITE = true;
 
 export function greeting(name) {
-  const word = 'Hello';
+  const word = 'Go away';
   return \`\${word}, \${name}!\`;
 }
 
`;

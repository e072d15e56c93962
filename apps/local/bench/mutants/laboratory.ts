import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { applyPatch, parsePatch } from 'diff';
import { REPOSITORY } from '../../src/paths.ts';
import type { Mutant } from './mutant.ts';

/** How the test that a mutant names ended with the mutant in place. */
export interface Trial {
  /** The exit code of the test run; something else when it was stopped. */
  readonly status: unknown;
  readonly output: string;
}

/** What is wrong when a trial has not caught the mutant. A test that fails for another reason has not. */
export function missOf({ expect, run }: Mutant, { status, output }: Trial): string | undefined {
  if (status === 1 && output.includes(expect)) return undefined;
  const last = output.trimEnd().split('\n').slice(-LINES_SHOWN);
  return [
    `${run.folder} ${run.file} ended with ${status}; it should end with 1 and say: ${expect}`,
    ...last.map((line) => `| ${line}`),
  ].join('\n');
}

const NOT_COPIED = new Set(['node_modules', '.git', '.local', '.turbo', '.jest', 'dist']);
const LINES_SHOWN = 15;
const TIMEOUT_MS = 180_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs tests of mutants in copies of the repository, one per core, each for one mutant at a time. A copy that stays where
 * it is finds its compiled files again. Packages reach each other by the links of the working copy, where no mutant is:
 * a test by imports sees the changes in its own package only.
 */
export class Laboratory implements Disposable {
  readonly #copies: string[] = [];
  readonly #idle: string[] = [];
  readonly #waiting: ((copy: string) => void)[] = [];

  /** Waits for a copy. Throws when the patch no longer applies. */
  async try(mutant: Mutant): Promise<Trial> {
    const copy = await this.#take();
    try {
      const restore = apply(mutant, copy);
      try {
        return await runTest(mutant, copy);
      } finally {
        restore();
      }
    } finally {
      const next = this.#waiting.shift();
      if (next) next(copy);
      else this.#idle.push(copy);
    }
  }

  [Symbol.dispose](): void {
    for (const copy of this.#copies) rmSync(copy, { recursive: true, force: true });
  }

  async #take(): Promise<string> {
    const copy = this.#idle.pop();
    if (copy !== undefined) return copy;
    if (this.#copies.length >= availableParallelism())
      return new Promise((resolve) => this.#waiting.push(resolve));
    const made = mkdtempSync(join(tmpdir(), 'mutants-'));
    this.#copies.push(made);
    copyRepository(made);
    return made;
  }
}

/** The working copy's sources, with its installed packages linked in. */
function copyRepository(copy: string): void {
  cpSync(REPOSITORY, copy, { recursive: true, filter: (source) => !NOT_COPIED.has(basename(source)) });
  for (const modules of globSync(['node_modules', '{packages,apps}/*/node_modules', 'infra/node_modules'], {
    cwd: REPOSITORY,
  })) {
    symlinkSync(join(REPOSITORY, modules), join(copy, modules), 'junction');
  }
}

/** Returns what takes the change back. */
function apply({ name, patch }: Mutant, copy: string): () => void {
  const originals = new Map<string, string>();
  const restore = () => {
    for (const [file, original] of originals) writeFileSync(file, original);
  };
  for (const change of parsePatch(patch)) {
    const file = join(copy, (change.newFileName ?? '').replace(/^b\//, ''));
    const original = readFileSync(file, 'utf8');
    const mutated = applyPatch(original, change);
    if (mutated === false) {
      restore();
      throw new Error(`${name}.patch no longer applies to ${relative(copy, file)}: renew it`);
    }
    originals.set(file, original);
    writeFileSync(file, mutated);
  }
  return restore;
}

function runTest({ run }: Mutant, copy: string): Promise<Trial> {
  const jest = join(REPOSITORY, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = ['--experimental-vm-modules', jest, '--runInBand', '--testTimeout=15000', run.file];
  if (run.pattern) args.push('-t', run.pattern);
  return new Promise((resolve) => {
    const cwd = join(copy, run.folder);
    const options = { cwd, encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES } as const;
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, output: stdout + stderr }),
    );
  });
}

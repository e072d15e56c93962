import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { applyPatch, parsePatch } from 'diff';
import { REPOSITORY } from '../src/paths.ts';

/**
 * Each file of mutants/ is a change that breaks a promise. It is applied to a copy of the repository, and the test that
 * it names must fail there, with the text that it names: a check that can not fail is no check.
 */
interface Mutant {
  readonly name: string;
  /** The promise, as the end of the sentence "the suite notices when …". */
  readonly breaks: string;
  /** The package and test file to run, and a pattern for the test's name. */
  readonly run: { readonly folder: string; readonly file: string; readonly pattern: string };
  /** What the failing run must say. */
  readonly expect: string;
  readonly patch: string;
}

const FOLDER = join(REPOSITORY, 'apps', 'local', 'mutants');
const NOT_COPIED = new Set(['node_modules', '.git', '.local', '.turbo', '.jest', 'dist']);

const mutants = globSync('*.patch', { cwd: FOLDER }).sort().map(readMutant);

/**
 * One copy of the repository per core, each for one mutant at a time: a copy that stays where it is finds its compiled
 * files again.
 */
const copies: string[] = [];
const idle: string[] = [];
const waiting: ((copy: string) => void)[] = [];

afterAll(() => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});

describe('the suite notices when', () => {
  for (const mutant of mutants) {
    // Together they wait for a copy, so the time of one includes that of those before it.
    it.concurrent(
      `${mutant.breaks} (${mutant.name})`,
      () => inCopy((copy) => survives(mutant, copy)),
      1_200_000,
    );
  }
});

async function survives(mutant: Mutant, copy: string): Promise<void> {
  const restore = apply(mutant, copy);
  try {
    const { status, output } = await runTest(mutant, copy);
    expect(output).toContain(mutant.expect);
    expect(status).toBe(1);
  } finally {
    restore();
  }
}

async function inCopy<T>(use: (copy: string) => Promise<T>): Promise<T> {
  const copy = await takeCopy();
  try {
    return await use(copy);
  } finally {
    const next = waiting.shift();
    if (next) next(copy);
    else idle.push(copy);
  }
}

async function takeCopy(): Promise<string> {
  const copy = idle.pop();
  if (copy !== undefined) return copy;
  if (copies.length >= availableParallelism()) return new Promise((resolve) => waiting.push(resolve));
  const made = copyRepository();
  copies.push(made);
  return made;
}

function readMutant(file: string): Mutant {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const header = (key: string): string => {
    const value = new RegExp(`^# ${key}: (.+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${file} has no line "# ${key}: …"`);
    return value;
  };
  const [folder = '', path = '', ...pattern] = header('run').split(' ');
  return {
    name: basename(file, '.patch'),
    breaks: header('breaks'),
    run: { folder, file: path, pattern: pattern.join(' ') },
    expect: header('expect'),
    patch: text.slice(text.indexOf('--- ')),
  };
}

/** The working copy's sources, with its installed packages linked in. */
function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
  cpSync(REPOSITORY, copy, { recursive: true, filter: (source) => !NOT_COPIED.has(basename(source)) });
  for (const modules of globSync(['node_modules', '{packages,apps}/*/node_modules', 'infra/node_modules'], {
    cwd: REPOSITORY,
  })) {
    symlinkSync(join(REPOSITORY, modules), join(copy, modules), 'junction');
  }
  return copy;
}

/** Returns what takes the change back. */
function apply({ name, patch }: Mutant, copy: string): () => void {
  const originals = new Map<string, string>();
  for (const change of parsePatch(patch)) {
    const file = join(copy, (change.newFileName ?? '').replace(/^b\//, ''));
    const original = readFileSync(file, 'utf8');
    const mutated = applyPatch(original, change);
    if (mutated === false)
      throw new Error(`${name}.patch no longer applies to ${relative(copy, file)}: renew it`);
    originals.set(file, original);
    writeFileSync(file, mutated);
  }
  return () => {
    for (const [file, original] of originals) writeFileSync(file, original);
  };
}

function runTest({ run }: Mutant, copy: string): Promise<{ status: unknown; output: string }> {
  const jest = join(REPOSITORY, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = ['--experimental-vm-modules', jest, '--runInBand', '--testTimeout=15000', run.file];
  if (run.pattern) args.push('-t', run.pattern);
  return new Promise((resolve) => {
    const cwd = join(copy, run.folder);
    const options = { cwd, encoding: 'utf8', timeout: 180_000, maxBuffer: 64 * 1024 * 1024 } as const;
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, output: stdout + stderr }),
    );
  });
}

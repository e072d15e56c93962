import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
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

describe('the suite notices when', () => {
  for (const mutant of mutants) {
    it(`${mutant.breaks} (${mutant.name})`, () => {
      const copy = copyRepository(mutant.name);
      try {
        apply(mutant, copy);
        const { status, output } = runTest(mutant, copy);
        expect(output).toContain(mutant.expect);
        expect(status).toBe(1);
      } finally {
        rmSync(copy, { recursive: true, force: true });
      }
    }, 60_000);
  }
});

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
function copyRepository(name: string): string {
  const copy = mkdtempSync(join(tmpdir(), `mutant-${name}-`));
  cpSync(REPOSITORY, copy, { recursive: true, filter: (source) => !NOT_COPIED.has(basename(source)) });
  for (const modules of globSync(['node_modules', '{packages,apps}/*/node_modules', 'infra/node_modules'], {
    cwd: REPOSITORY,
  })) {
    symlinkSync(join(REPOSITORY, modules), join(copy, modules), 'junction');
  }
  return copy;
}

function apply({ name, patch }: Mutant, copy: string): void {
  for (const change of parsePatch(patch)) {
    const file = join(copy, (change.newFileName ?? '').replace(/^b\//, ''));
    const mutated = applyPatch(readFileSync(file, 'utf8'), change);
    if (mutated === false)
      throw new Error(`${name}.patch no longer applies to ${relative(copy, file)}: renew it`);
    writeFileSync(file, mutated);
  }
}

function runTest({ run }: Mutant, copy: string): { status: number | null; output: string } {
  const cwd = join(copy, run.folder);
  const jest = join(REPOSITORY, 'node_modules', 'jest', 'bin', 'jest.js');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      jest,
      '--runInBand',
      '--testTimeout=15000',
      run.file,
      ...(run.pattern ? ['-t', run.pattern] : []),
    ],
    { cwd, encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

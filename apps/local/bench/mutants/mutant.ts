import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { REPOSITORY } from '../../src/paths.ts';

/**
 * A change that breaks a promise, kept as a patch. It is applied to a copy of the repository, and the test that it names
 * must fail there, with the text that it names: a check that can not fail is no check.
 */
export interface Mutant {
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

/** All that are kept, by name. Throws when one lacks a header. */
export function readMutants(): Mutant[] {
  return globSync('*.patch', { cwd: FOLDER }).sort().map(readMutant);
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

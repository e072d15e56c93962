import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '@records/cli';
import { parsePatch } from 'diff';

/**
 * A change that breaks a promise, kept as a patch beside the package that it breaks: `<package>/mutants/NAME.patch`. With
 * the change in place, the named test must fail and its report must contain the expected text.
 */
export interface Mutant {
  readonly name: string;
  /** The patch's path from the repository's root, with slashes. */
  readonly path: string;
  /** The broken promise, as the end of the sentence "the suite notices when …". */
  readonly breaks: string;
  /** The test file, as a workspace's folder and a path in it, and a pattern for the test's name ('' runs every test). */
  readonly run: { readonly folder: string; readonly file: string; readonly pattern: string };
  /** A part of the failed test's report: `✕ title`, names and messages. */
  readonly expect: string;
  /** Roughly how long the trial takes, in seconds. Long trials start first. */
  readonly seconds: number;
  /** How long each test and each hook may take, in seconds; little for a mutant that makes the test wait for ever. */
  readonly timeout: number;
  /** The one file that the patch changes, from the repository's root. */
  readonly target: string;
  /** The lines before the patch, which name all of the above. */
  readonly headers: string;
  /** The patch alone, in the unified format. */
  readonly patch: string;
}

/** The rooms, each of which may have a folder `mutants`. */
export const ROOMS = '{packages/*,apps/*,docs,infra}';

const DEFAULT_SECONDS = 3;
const DEFAULT_TIMEOUT = 60;

/** Every mutant of a repository, by name. Throws UserError as parseMutant does, and when two mutants share a name. */
export function readMutants(root: string): Mutant[] {
  const mutants = globSync(`${ROOMS}/mutants/*.patch`, { cwd: root })
    .map((path) => parseMutant(path.replaceAll('\\', '/'), readFileSync(join(root, path), 'utf8')))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const twin = mutants.find(({ name }, index) => name === mutants[index + 1]?.name);
  if (twin) throw new UserError(`two mutants are called ${twin.name}`, { hint: 'rename one of the patches' });
  return mutants;
}

/** Throws UserError when a header is missing or wrong, or the patch does not change exactly one file. */
export function parseMutant(path: string, text: string): Mutant {
  const start = text.indexOf('--- ');
  const headers = start < 0 ? text : text.slice(0, start);
  const patch = start < 0 ? '' : text.slice(start);
  const optional = (key: string) => new RegExp(`^# ${key}: (.+)$`, 'm').exec(headers)?.[1];
  const header = (key: string): string => {
    const value = optional(key);
    if (value === undefined) throw new UserError(`${path} has no line "# ${key}: …"`);
    return value;
  };
  const number = (key: string): number | undefined => {
    const value = optional(key);
    if (value !== undefined && !/^[1-9]\d*$/.test(value))
      throw new UserError(`${path}: "# ${key}: ${value}" must be a whole number of seconds`);
    return value === undefined ? undefined : Number(value);
  };
  const [folder = '', file = '', ...pattern] = header('run').split(' ');
  const [change, ...others] = parsePatch(patch);
  const target = change?.newFileName?.replace(/^b\//, '');
  if (target === undefined || others.length > 0) throw new UserError(`${path} must change exactly one file`);
  return {
    name: basename(path, '.patch'),
    path,
    breaks: header('breaks'),
    run: { folder, file, pattern: pattern.join(' ') },
    expect: header('expect'),
    seconds: number('seconds') ?? DEFAULT_SECONDS,
    timeout: number('timeout') ?? DEFAULT_TIMEOUT,
    target,
    headers,
    patch,
  };
}

/** The test file's path from the repository's root. */
export function testFileOf({ run }: Mutant): string {
  return `${run.folder}/${run.file}`;
}

/** The folder that a file of this path belongs to; undefined for a file of no room, such as a workflow. */
export function roomOf(path: string): string | undefined {
  return /^(?:(?:packages|apps)\/[^/]+|docs|infra)(?=\/)/.exec(path)?.[0];
}

/** The room that keeps the mutant. */
export function homeOf({ path }: Mutant): string {
  return dirname(dirname(path));
}

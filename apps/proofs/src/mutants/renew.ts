import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '@records/cli';
import { applyPatch, FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, structuredPatch } from 'diff';
import { commitOf, git } from './git.ts';
import { type Mutant, parseMutant, readMutants, roomOf, testFileOf } from './mutant.ts';

export interface Renewal {
  readonly name: string;
  /** `kept`: nothing had to change. `conflict`: the patch is as it was, for a person to renew. */
  readonly state: 'kept' | 'renewed' | 'conflict';
  /** What stands in the way, or where the patch went. */
  readonly note?: string;
}

/**
 * Rewrites each patch for the working tree. The patch is applied to its file as of `ref`; that change is merged into the
 * file as it is now, wherever it was moved. A patch follows its file to another room. A patch that does not apply at `ref`
 * is replaced by the patch of the same name that `ref` has in any folder. Throws UserError when there is no such commit.
 */
export function renewMutants(root: string, ref: string): Renewal[] {
  const commit = commitOf(root, ref);
  if (commit === undefined) throw new UserError(`--renew ${ref}: this repository has no such commit`);
  const past = new Past(root, commit);
  return readMutants(root).map((mutant) => renew(mutant, root, past));
}

function renew(mutant: Mutant, root: string, past: Past): Renewal {
  const { name, path, target } = mutant;
  const old = [mutant, past.mutant(name)].find((one) => one && past.applied(one) !== undefined);
  if (!old)
    return applies(mutant, root)
      ? { name, state: 'kept' }
      : conflict(name, 'it does not apply to the commit either');
  const file = past.currentPath(old.target) ?? target;
  if (!existsSync(join(root, file))) return conflict(name, `${old.target} is gone`);
  const current = readFileSync(join(root, file), 'utf8');
  const base = past.read(old.target) ?? '';
  const mutated =
    merge(current, base, past.applied(old) ?? '') ?? replaceBlocks(current, base, past.applied(old) ?? '');
  if (mutated === undefined && applies(mutant, root)) return { name, state: 'kept' };
  if (mutated === undefined) return conflict(name, `${file} has changed at the same place`);
  if (mutated === current) return conflict(name, `${file} has the change already, or the place is gone`);
  const home = `${roomOf(file) ?? dirname(dirname(path))}/mutants`;
  const renewed = {
    path: `${home}/${name}.patch`,
    text: past.headers(mutant) + patchOf(file, current, mutated),
  };
  if (renewed.path === path && renewed.text === readFileSync(join(root, path), 'utf8'))
    return { name, state: 'kept' };
  mkdirSync(join(root, home), { recursive: true });
  writeFileSync(join(root, renewed.path), renewed.text);
  if (renewed.path === path) return { name, state: 'renewed' };
  rmSync(join(root, path));
  return { name, state: 'renewed', note: `is now in ${home}` };
}

function conflict(name: string, note: string): Renewal {
  return { name, state: 'conflict', note };
}

function applies({ patch, target }: Mutant, root: string): boolean {
  return (
    existsSync(join(root, target)) && applyPatch(readFileSync(join(root, target), 'utf8'), patch) !== false
  );
}

function patchOf(file: string, before: string, after: string): string {
  const patch = structuredPatch(`a/${file}`, `b/${file}`, before, after, undefined, undefined, {
    context: 3,
  });
  return formatPatch(patch, FILE_HEADERS_ONLY);
}

/** Merges what leads from `base` to `mutated` into `current`; undefined when the two changes conflict. */
function merge(current: string, base: string, mutated: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'renew-'));
  try {
    const files = Object.entries({ current, base, mutated }).map(([name, text]) => {
      writeFileSync(join(folder, name), text);
      return name;
    });
    const { status, stdout, stderr, error } = spawnSync('git', ['merge-file', '-p', ...files], {
      cwd: folder,
      encoding: 'utf8',
    });
    // The exit code is the number of conflicts, at most 127, or an error. https://git-scm.com/docs/git-merge-file
    if (error || status === null || status > 127)
      throw new Error(`git merge-file: ${stderr}`, { cause: error });
    return status === 0 ? stdout : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Replaces the mutated lines alone, whatever is around them; undefined unless the current text has each block of them once.
 * git takes a change right beside another for a conflict, and most are comments.
 */
function replaceBlocks(current: string, base: string, mutated: string): string | undefined {
  const { hunks }: StructuredPatch = structuredPatch('', '', base, mutated, undefined, undefined, {
    context: 0,
  });
  let text: string | undefined = current;
  for (const { lines } of hunks) {
    const block = (sign: string) =>
      lines
        .filter((line) => line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join('');
    const parts: string[] = text.split(block('-'));
    if (block('-').trim() === '' || parts.length !== 2) return undefined;
    text = parts.join(block('+'));
  }
  return text;
}

/** The repository as of a commit. */
class Past {
  readonly #root: string;
  readonly #commit: string;
  readonly #texts = new Map<string, string | undefined>();
  readonly #patches: ReadonlyMap<string, string>;
  readonly #files: ReadonlySet<string>;
  readonly #renames: ReadonlyMap<string, string>;

  constructor(root: string, commit: string) {
    this.#root = root;
    this.#commit = commit;
    const files = git(root, ['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit]).split('\0');
    this.#files = new Set(files);
    this.#patches = new Map(
      files
        .filter((file) => /(^|\/)mutants\/[^/]+\.patch$/.test(file))
        .map((file) => [basename(file, '.patch'), file]),
    );
    this.#renames = renamesSince(root, commit);
  }

  /** The content of a file; undefined when the commit has none. */
  read(path: string): string | undefined {
    if (!this.#files.has(path)) return undefined;
    if (!this.#texts.has(path)) this.#texts.set(path, git(this.#root, ['show', `${this.#commit}:${path}`]));
    return this.#texts.get(path);
  }

  mutant(name: string): Mutant | undefined {
    const path = this.#patches.get(name);
    const text = path && this.read(path);
    return path && text ? parseMutant(path, text) : undefined;
  }

  /** The target of a mutant with its change; undefined when the patch does not apply. */
  applied({ patch, target }: Mutant): string | undefined {
    const text = this.read(target);
    return (text !== undefined && applyPatch(text, patch)) || undefined;
  }

  /** Where a file of the commit is now; undefined when it is gone. */
  currentPath(path: string): string | undefined {
    return existsSync(join(this.#root, path)) ? path : this.#renames.get(path);
  }

  /** A mutant's headers, with its test file where it is now. */
  headers(mutant: Mutant): string {
    const before = testFileOf(mutant);
    const after = this.currentPath(before) ?? before;
    const folder = roomOf(after);
    if (after === before || folder === undefined) return mutant.headers;
    const { run } = mutant;
    return mutant.headers.replace(
      `# run: ${run.folder} ${run.file}`,
      `# run: ${folder} ${after.slice(folder.length + 1)}`,
    );
  }
}

/** From the paths that files have in a commit to those that they have in the working tree, where the two differ. */
function renamesSince(root: string, commit: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'renew-'));
  try {
    // In an index of its own everything can be added, so that files which git does not know yet count as renamed, too.
    const env = { GIT_INDEX_FILE: join(folder, 'index') };
    copyFileSync(resolve(root, git(root, ['rev-parse', '--git-path', 'index']).trim()), env.GIT_INDEX_FILE);
    git(root, ['add', '--all'], env);
    const renames = git(
      root,
      ['diff', '--cached', '-M40%', '-l0', '--diff-filter=R', '--name-status', '-z', commit],
      env,
    );
    const [...fields] = renames.split('\0');
    const pairs: [string, string][] = [];
    for (let at = 0; at + 2 < fields.length; at += 3)
      pairs.push([fields[at + 1] ?? '', fields[at + 2] ?? '']);
    return new Map(pairs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

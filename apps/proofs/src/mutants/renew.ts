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
import { basename, join, resolve } from 'node:path';
import { UserError } from '@records/cli';
import { applyPatch, FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, structuredPatch } from 'diff';
import { commitOf, git } from './git.ts';
import { homeOf, type Mutant, parseMutant, readMutants, roomOf, testFileOf } from './mutant.ts';
import { readIfThere } from './read-if-there.ts';

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
  const { name, target } = mutant;
  const byHand = mutated(mutant, readIfThere(join(root, target)));
  const isOld = mutated(mutant, past.read(target)) !== undefined;
  // Only a person can have made a patch that fits the working tree and not the commit.
  if (byHand !== undefined && !isOld) return settle(mutant, root, past, target, byHand);
  const old = isOld ? mutant : past.mutant(name);
  const base = old && past.read(old.target);
  const changed = old && mutated(old, base);
  if (!old || base === undefined || changed === undefined)
    return conflict(name, 'it applies neither here nor to the commit');
  const file = past.currentPath(old.target) ?? target;
  const current = readIfThere(join(root, file));
  if (current === undefined) return conflict(name, `${old.target} is gone`);
  const merged = merge(current, base, changed) ?? replaceBlocks(current, base, changed) ?? byHand;
  if (merged === undefined) return conflict(name, `${file} has changed at the same place`);
  if (merged === current) return conflict(name, `${file} has the change already`);
  return settle(mutant, root, past, file, merged);
}

/** Writes the patch that changes a file to the given text, beside the package of the file. */
function settle(mutant: Mutant, root: string, past: Past, file: string, after: string): Renewal {
  const { name, path, target } = mutant;
  const before = readFileSync(join(root, file), 'utf8');
  const headers = past.headers(mutant);
  const home = `${roomOf(file) ?? homeOf(mutant)}/mutants`;
  const newPath = `${home}/${name}.patch`;
  // A patch finds its place by the lines around it, so numbers of lines that moved are no reason to rewrite it.
  if (newPath === path && headers === mutant.headers && file === target && mutated(mutant, before) === after)
    return { name, state: 'kept' };
  mkdirSync(join(root, home), { recursive: true });
  writeFileSync(join(root, newPath), headers + patchOf(file, before, after));
  if (newPath === path) return { name, state: 'renewed' };
  rmSync(join(root, path));
  return { name, state: 'renewed', note: `is now in ${home}` };
}

function conflict(name: string, note: string): Renewal {
  return { name, state: 'conflict', note };
}

/** A text with a mutant's change; undefined without a text, or when the patch does not apply to it. */
function mutated({ patch }: Mutant, text: string | undefined): string | undefined {
  const changed = text === undefined ? false : applyPatch(text, patch);
  return changed === false ? undefined : changed;
}

function patchOf(file: string, before: string, after: string): string {
  const patch = structuredPatch(`a/${file}`, `b/${file}`, before, after, undefined, undefined, {
    context: 3,
  });
  return formatPatch(patch, FILE_HEADERS_ONLY);
}

/** Merges the change from `base` to `changed` into `current`; undefined when it conflicts with what `current` changed. */
function merge(current: string, base: string, changed: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'renew-'));
  try {
    const files = Object.entries({ current, base, changed }).map(([name, text]) => {
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
function replaceBlocks(current: string, base: string, changed: string): string | undefined {
  const { hunks }: StructuredPatch = structuredPatch('', '', base, changed, undefined, undefined, {
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

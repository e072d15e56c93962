import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { ROOMS } from './mutant.ts';
import { readIfThere } from './read-if-there.ts';

interface Manifest {
  readonly name: string;
  readonly main?: string;
  readonly exports?: string | Readonly<Record<string, unknown>>;
}

const SPECIFIER = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

/**
 * Which files of a repository import which, by the text of their import statements. What a file reads or starts by its path
 * is not seen. Paths are from the repository's root, with slashes.
 */
export class ImportGraph {
  readonly #root: string;
  readonly #imports = new Map<string, readonly string[]>();
  readonly #packages: ReadonlyMap<string, { readonly folder: string; readonly manifest: Manifest }>;

  constructor(root: string) {
    this.#root = root;
    this.#packages = new Map(
      globSync(`${ROOMS}/package.json`, { cwd: root }).map((path) => {
        const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
        return [manifest.name, { folder: dirname(path).replaceAll('\\', '/'), manifest }];
      }),
    );
  }

  /** The file, and all that it imports directly or through others. */
  reachableFrom(file: string): Set<string> {
    const found = new Set([file]);
    for (const one of found) for (const imported of this.#importsOf(one)) found.add(imported);
    return found;
  }

  #importsOf(file: string): readonly string[] {
    const known = this.#imports.get(file);
    if (known) return known;
    const text = readIfThere(join(this.#root, file)) ?? '';
    const imports = [...text.matchAll(SPECIFIER)]
      .map(([, , specifier = '']) => this.#resolve(specifier, file))
      .filter((path) => path !== undefined);
    this.#imports.set(file, imports);
    return imports;
  }

  /** Undefined for a package that is not ours. */
  #resolve(specifier: string, from: string): string | undefined {
    if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
    const [, name = '', rest = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier) ?? [];
    const found = this.#packages.get(name);
    if (!found) return undefined;
    const { exports, main = 'index.js' } = found.manifest;
    const entry = typeof exports === 'object' ? exports[`.${rest}`] : (exports ?? (rest ? `.${rest}` : main));
    return typeof entry === 'string' ? posix.join(found.folder, entry) : undefined;
  }
}

import { cpSync, lstatSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

const NOT_COPIED = new Set(['node_modules', '.git', '.local', '.turbo', '.jest', 'dist']);

/**
 * Copies a repository's working tree. Packages of the repository find each other in the copy; all other packages are those
 * that the repository has installed.
 */
export function copyRepository(original: string, copy: string): void {
  const installed: string[] = [];
  cpSync(original, copy, {
    recursive: true,
    filter: (source) => {
      if (basename(source) === 'node_modules') installed.push(source);
      return !NOT_COPIED.has(basename(source));
    },
  });
  for (const folder of installed) linkPackages(folder, original, copy);
}

/** Makes the copy's counterpart of a folder `node_modules`: links into the copy, or to the installed packages. */
function linkPackages(installed: string, original: string, copy: string): void {
  const folder = join(copy, relative(original, installed));
  const names = readdirSync(installed);
  const scopes = names.filter((name) => name.startsWith('@'));
  const packages = [
    ...names.filter((name) => !name.startsWith('@')),
    ...scopes.flatMap((scope) => readdirSync(join(installed, scope)).map((name) => join(scope, name))),
  ];
  for (const name of packages) {
    const target = realpathSync(join(installed, name));
    if (!lstatSync(target).isDirectory()) continue;
    const path = relative(original, target);
    const isOurs = !path.startsWith('..') && !path.split(sep).includes('node_modules');
    const link = join(folder, name);
    mkdirSync(dirname(link), { recursive: true });
    // On Windows, where links need a permission, junctions do not.
    symlinkSync(isOurs ? join(copy, path) : target, link, 'junction');
  }
}

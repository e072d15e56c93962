import { readFileSync, statSync } from 'node:fs';

/** The text of a file; undefined when there is no such file. */
export function readIfThere(path: string): string | undefined {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile ? readFileSync(path, 'utf8') : undefined;
}

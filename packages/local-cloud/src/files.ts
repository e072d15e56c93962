import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CloudError } from './errors.ts';
import { reasonOf } from './pubsub/reason.ts';

/** Writes the whole file or nothing. Only its owner can read it. Creates the folder. Throws CloudError, as on a full disk. */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CloudError('INTERNAL', `${path} cannot be written: ${reasonOf(error)}.`, { cause: error });
  }
}

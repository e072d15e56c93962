import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { reasonOf, UserError } from '@records/cli';

/** https://sqlite.org/rescode.html */
const [SQLITE_BUSY, SQLITE_NOTADB] = [5, 26];

/**
 * Keeps other processes of `pnpm dev` out of a folder, which is created when missing. SQLite locks the file, so the system
 * frees it when this process ends, however it ends, and a copy of the folder is free. A process id would tell neither.
 * Undefined while another process holds the folder. Throws UserError when the file cannot be locked.
 */
export function lockFolder(folder: string): Disposable | undefined {
  const path = join(folder, 'lock');
  const lock = lockFile(folder, path);
  try {
    // It writes nothing: the file stays empty, and a full disk is no matter.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    const code = typeof error === 'object' && error !== null && 'errcode' in error && error.errcode;
    if (code === SQLITE_BUSY) return undefined;
    const hint = code === SQLITE_NOTADB ? `delete ${path}` : undefined;
    throw new UserError(`${path} cannot be locked: ${reasonOf(error)}`, { hint, cause: error });
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function lockFile(folder: string, path: string): DatabaseSync {
  try {
    mkdirSync(folder, { recursive: true });
    return new DatabaseSync(path);
  } catch (error) {
    throw new UserError(`${folder} cannot hold the data: ${reasonOf(error)}`, {
      hint: 'name a folder that you may write, with --folder',
      cause: error,
    });
  }
}

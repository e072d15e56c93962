import { statfs } from 'node:fs/promises';
import { UserError } from '@records/cli';

const MIB = 1024 * 1024;

/** What a start writes, and some records. */
const NEEDED_BYTES = 32 * MIB;

/** Throws UserError when the disk of a folder is about full: a run would fail somewhere, in the words of whatever fails. */
export async function assertSpace(folder: string, neededBytes = NEEDED_BYTES): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= neededBytes) return;
  throw new UserError(
    `the disk of ${folder} has ${Math.floor(free / MIB)} MiB left, and the stack needs ${Math.ceil(neededBytes / MIB)} MiB`,
    { hint: 'make room, or choose another disk: pnpm dev --folder PATH' },
  );
}

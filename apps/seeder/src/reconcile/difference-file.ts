import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reasonOf, UserError } from '@records/cli';
import type { Difference } from './ledger.ts';

/** Throws UserError. */
export async function openDifferences(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w');
  } catch (cause) {
    throw new UserError(`${path} cannot be written: ${reasonOf(cause)}`, {
      hint: 'name a file in a folder that exists',
      cause,
    });
  }
}

/** Writes one JSON object per line, and closes the file. It stays empty without differences. */
export async function writeDifferences(file: FileHandle, differences: Iterable<Difference>): Promise<void> {
  await pipeline(Readable.from(lines(differences)), file.createWriteStream());
}

function* lines(differences: Iterable<Difference>): Generator<string> {
  for (const difference of differences) yield `${JSON.stringify(difference)}\n`;
}

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reasonOf, SeederError } from '../errors.ts';
import type { Difference } from './ledger.ts';

/** Opens the file before anything is sent. Throws SeederError. */
export async function openDifferences(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w');
  } catch (error) {
    throw new SeederError(`${path} can not be written: ${reasonOf(error)}`, {
      wayOut: 'name a file in a folder that exists',
      cause: error,
    });
  }
}

/** One JSON object on each line; an empty file when all is well. Closes the file. */
export async function writeDifferences(file: FileHandle, differences: Iterable<Difference>): Promise<void> {
  await pipeline(Readable.from(lines(differences)), file.createWriteStream());
}

function* lines(differences: Iterable<Difference>): Generator<string> {
  for (const difference of differences) yield `${JSON.stringify(difference)}\n`;
}

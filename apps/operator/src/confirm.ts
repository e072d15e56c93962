import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { SeederError } from '@records/seeder/target';

export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** Has the stack's name typed before something of it is removed. Throws SeederError when it is not, or nobody is there to ask. */
export async function confirm(
  stack: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (!input.isTTY) {
    throw new SeederError(
      `nothing was discarded: stack "${stack}" is to be confirmed, and nobody is there to ask`,
      {
        wayOut: 'look with --dry-run, then add --yes',
      },
    );
  }
  const lines = createInterface({ input, output });
  // Ctrl-D is a no; after an answer it is the answer's end.
  const ended = new Promise<string>((resolve) => lines.once('close', () => setImmediate(resolve, '')));
  const asked = lines.question(
    `This removes dead letters of stack "${stack}" for good. Its name, to go on: `,
  );
  const answer = await Promise.race([asked, ended]);
  lines.close();
  if (answer.trim() === stack) return;
  throw new SeederError(`nothing was discarded: "${answer.trim()}" is not "${stack}"`);
}

import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { UserError } from '@records/cli';

interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** Asks for the stack's name before something is done for good. `does` says what, such as `removes dead letters of`. Throws UserError for another answer, or without a terminal. */
export async function confirm(
  stack: string,
  does: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (!input.isTTY) {
    throw new UserError(
      `nothing was done: stack "${stack}" needs a confirmation, and nobody is there to ask`,
      {
        hint: 'look with --dry-run, then add --yes',
      },
    );
  }
  const lines = createInterface({ input, output });
  // Ctrl-D means no. After an answer, the stream may end, too.
  const ended = new Promise<string>((resolve) => lines.once('close', () => setImmediate(resolve, '')));
  const asked = lines.question(`This ${does} stack "${stack}" for good. Its name, to go on: `);
  const answer = await Promise.race([asked, ended]);
  lines.close();
  if (answer.trim() === stack) return;
  throw new UserError(`nothing was done: "${answer.trim()}" is not "${stack}"`);
}

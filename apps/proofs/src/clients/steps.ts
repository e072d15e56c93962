import { execFile } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';

/** Milliseconds within which a command must answer. gcloud repeats a request that it does not understand for half a minute. */
const COMMAND_MS = 20_000;

/** Runs one step of a day, and prints it: right, refused by name when `run` returns the refusal, or wrong. */
export async function step(title: string, run: () => Promise<string | undefined>): Promise<void> {
  try {
    const refusal = await run();
    console.log(refusal === undefined ? `right: ${title}` : `refused: ${title}: ${oneLine(refusal)}`);
  } catch (error) {
    console.log(`wrong: ${title}: ${oneLine(error instanceof Error ? error.message : String(error))}`);
  }
}

/** Throws unless both are equal. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

/** Standard output of a command. Throws with its output when it fails or takes longer than COMMAND_MS. */
export function command(program: string, ...args: readonly string[]): Promise<string> {
  return commandWithin(COMMAND_MS, program, ...args);
}

/** The same, with a time limit of its own in milliseconds. */
export function commandWithin(timeout: number, program: string, ...args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(program, args, { timeout }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`${error.killed ? 'no answer in time: ' : ''}${stdout}${stderr}`));
  });
  return promise;
}

/** The output of a command that must fail, at once. */
export async function refusalOf(program: string, ...args: readonly string[]): Promise<string> {
  const output = await command(program, ...args).catch((error: Error) => error.message);
  if (!/not (emulated|supported)/.test(output)) throw new Error(`not refused by name: ${output}`);
  if (output.startsWith('no answer')) throw new Error(output);
  return output;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}

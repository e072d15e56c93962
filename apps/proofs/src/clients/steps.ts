import { execFile } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';

/** Milliseconds within which a command must answer. It needs seconds of processor time to start, and other clients run beside it. */
const COMMAND_MS = 90_000;

/** Milliseconds that a refusal may take beyond the slowest command that was served: gcloud repeats what it does not understand for half a minute. */
const REPEATS_MS = 20_000;

let slowestMs = 0;

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
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const start = performance.now();
  execFile(program, args, { timeout: COMMAND_MS }, (error, stdout, stderr) => {
    if (error === null) {
      slowestMs = Math.max(slowestMs, performance.now() - start);
      resolve(stdout);
    } else reject(new Error(`${error.killed ? 'no answer in time: ' : ''}${stdout}${stderr}`));
  });
  return promise;
}

/** The output of a command that must fail, and is not repeated. Call it after a command that is served. */
export async function refusalOf(program: string, ...args: readonly string[]): Promise<string> {
  const start = performance.now();
  const output = await command(program, ...args).catch((error: Error) => error.message);
  if (!/not (emulated|supported)/.test(output)) throw new Error(`not refused by name: ${output}`);
  if (performance.now() - start > slowestMs + REPEATS_MS) throw new Error(`refused late: ${output}`);
  return output;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}

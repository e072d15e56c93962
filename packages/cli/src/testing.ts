import { type Program, run } from './program.ts';

export interface CommandRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program in this process, which costs a test far less than a process of its own. Answers its help and its errors,
 * and the exit code that `main` would set. What an action prints itself is not caught.
 */
export async function runHere(command: Program, args: readonly string[]): Promise<CommandRun> {
  let [stdout, stderr] = ['', ''];
  // Its verbs share this object.
  Object.assign(command.configureOutput(), {
    writeOut: (text: string) => (stdout += text),
    writeErr: (text: string) => (stderr += text),
    // As in a pipe, whatever terminal the tests run in.
    getOutHelpWidth: () => undefined,
    getErrHelpWidth: () => undefined,
  });
  const exitCode = (await run(command, args)) ?? 0;
  return { exitCode, stdout, stderr };
}

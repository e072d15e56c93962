import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { CommandRun } from '@records/cli/testing';

const CLI = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the running process. */
  onStart?(process: ChildProcessByStdio<null, Readable, Readable>): void;
}

/** Runs the command line as `pnpm seed` does, with nothing of this process's environment. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CommandRun> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd,
    env: { NO_COLOR: '1', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  options.onStart?.(child);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([
    exit,
    text(child.stdout).catch(() => ''),
    text(child.stderr),
  ]);
  return { exitCode, stdout, stderr };
}

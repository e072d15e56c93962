import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CommandRun } from '@records/cli/testing';

const CLI = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');

/** Runs `pnpm ops`, with nothing of this process's environment. */
export async function ops(...args: readonly string[]): Promise<CommandRun> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { NO_COLOR: '1', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CommandRun } from '@records/cli/testing';

const SOURCE = join(import.meta.dirname, '..', '..', 'src');

/** Runs `pnpm ops`, with nothing of this process's environment. */
export const ops = (...args: readonly string[]) => run('cli.ts', args);

/** Runs `pnpm sql` in the same way. */
export const sql = (...args: readonly string[]) => run('sql/cli.ts', args);

/** Runs `pnpm sql` with a text on its standard input. */
export const sqlFrom = (input: string, ...args: readonly string[]) => run('sql/cli.ts', args, input);

async function run(cli: string, args: readonly string[], input?: string): Promise<CommandRun> {
  const child = spawn(process.execPath, [join(SOURCE, cli), ...args], {
    env: { NO_COLOR: '1', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}

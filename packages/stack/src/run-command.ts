import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { UserError } from '@records/cli';
import { isObject } from './is-object.ts';

interface RunOptions {
  readonly stdout?: 'inherit' | 'ignore';
  /** Variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a command for a person to see; `stdout: 'ignore'` shows only its errors. Throws UserError when the command is missing
 * or fails.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  cwd: string,
  { stdout = 'inherit', environment = {} }: RunOptions = {},
): Promise<void> {
  const env = { ...process.env, ...environment };
  const child = spawn(command, args, { cwd, env, stdio: ['inherit', stdout, 'inherit'] });
  await ended(command, args, child);
}

/** Answers what a command prints. Throws UserError, with what the command said, when it is missing or fails. */
export async function readCommand(command: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  await ended(command, args, child, stderr);
  process.stderr.write(await stderr);
  return (await stdout).trim();
}

async function ended(
  command: string,
  args: readonly string[],
  child: ReturnType<typeof spawn>,
  said?: Promise<string>,
): Promise<void> {
  const line = [command, ...args].join(' ');
  let code: unknown;
  try {
    [code] = await once(child, 'close');
  } catch (error) {
    if (!(isObject(error) && error.code === 'ENOENT')) throw error;
    throw new UserError(`${command} is not installed; "${line}" needs it`);
  }
  if (code === 0) return;
  const reason = (await said)?.trim();
  throw new UserError(`"${line}" ended with exit code ${code}${reason ? `: ${reason}` : ''}`);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { INFRA } from './examples.ts';
import { isMissing } from './missing.ts';

/** A program that a tool needs did not do what it was asked for; it has said why itself. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The Pulumi command line, on the stacks of infra/. Both throw CommandError. */
export interface PulumiCli {
  /** Runs it for a person to see. */
  run(args: readonly string[]): Promise<void>;
  /** What it answers as JSON. */
  ask(args: readonly string[]): Promise<unknown>;
}

/** For `up`: nothing that infra/policies refuses is deployed. */
export const UNDER_POLICIES = ['--policy-pack', 'policies'] as const;

/** The one that npm installs. It fetches its binary from the network when it runs for the first time. */
export const pulumiCli: PulumiCli = {
  async run(args) {
    await runCommand(process.execPath, [entryPoint(), ...args], INFRA);
  },
  async ask(args) {
    return JSON.parse(await readCommand(process.execPath, [entryPoint(), ...args, '--json'], INFRA));
  },
};

/** Throws CommandError when the command is not there, or fails. */
export async function runCommand(command: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: 'inherit' });
  await ended(command, args, child);
}

/** What a command prints. Throws CommandError. */
export async function readCommand(command: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await ended(command, args, child);
  return Buffer.concat(chunks).toString().trim();
}

async function ended(
  command: string,
  args: readonly string[],
  child: ReturnType<typeof spawn>,
): Promise<void> {
  let code: unknown;
  try {
    [code] = await once(child, 'close');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new CommandError(`${command} is not installed: it is needed for "${command} ${args.join(' ')}"`);
  }
  if (code !== 0) throw new CommandError(`"${command} ${args.join(' ')}" ended with exit code ${code}`);
}

function entryPoint(): string {
  const require = createRequire(join(INFRA, 'package.json'));
  const manifest = require.resolve('pulumi/package.json');
  const { bin } = require(manifest) as { bin: { pulumi: string } };
  return join(dirname(manifest), bin.pulumi);
}

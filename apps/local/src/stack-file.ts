import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Target } from '@records/seeder';
import type { LocalStack } from './local-stack.ts';
import { LOCAL_FOLDER } from './paths.ts';

/** What other processes need in order to use a running local stack. */
export interface StackDescription {
  /** The process that runs it. */
  readonly pid: number;
  /** The Pulumi program's stack outputs. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Environment variables that lead Google's clients to the local cloud. */
  readonly environment: Readonly<Record<string, string>>;
  /** The account by which `pnpm seed` publishes; the developer does when absent. */
  readonly publisher?: Target['publisher'];
  /** Addresses of metrics in Prometheus' format, by what serves them. */
  readonly metrics: Readonly<Record<string, string>>;
}

export const STACK_FILE = join(LOCAL_FOLDER, 'stack.json');

/** Of a stack that this process runs. */
export function descriptionOf(stack: LocalStack): StackDescription {
  const { outputs, environment, publisher, metrics } = stack;
  return {
    pid: process.pid,
    outputs: { ...outputs },
    environment,
    ...(publisher && { publisher }),
    metrics,
  };
}

/** Written whole or not at all, so a reader never sees half of it. */
export async function writeStackFile(description: StackDescription): Promise<void> {
  await mkdir(dirname(STACK_FILE), { recursive: true });
  const draft = `${STACK_FILE}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(description, null, 2)}\n`);
  await rename(draft, STACK_FILE);
}

export async function removeStackFile(): Promise<void> {
  await rm(STACK_FILE, { force: true });
}

/** The stack that another process is running in this checkout, if there is one. */
export async function runningStack(): Promise<StackDescription | undefined> {
  let text: string;
  try {
    text = await readFile(STACK_FILE, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const description = JSON.parse(text) as StackDescription;
  return isAlive(description.pid) ? description : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

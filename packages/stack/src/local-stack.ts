import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { reasonOf, UserError } from '@records/cli';
import { isObject } from './is-object.ts';
import { checkOutputs, type StackOutputs } from './outputs.ts';
import { LOCAL_FOLDER } from './project.ts';
import { type Account, type Accounts, type Target, targetOf } from './target.ts';

/** What other processes need in order to use a running local stack. */
export interface StackDescription extends Accounts {
  /** The process that runs it. */
  readonly pid: number;
  readonly outputs: StackOutputs;
  /** Environment variables that lead Google's clients to the local cloud. */
  readonly environment: Readonly<Record<string, string>>;
  /** Addresses of metrics in Prometheus' format, by what serves them. */
  readonly metrics: Readonly<Record<string, string>>;
}

/** The name of the description in the folder of a local stack. */
export const STACK_FILE_NAME = 'stack.json';

/** The description of the stack that `pnpm dev` runs in this checkout. */
export const STACK_FILE = join(LOCAL_FOLDER, STACK_FILE_NAME);

const START = 'start one with `pnpm dev` in another terminal';
const ANSWER_TIMEOUT_MS = 2_000;

/** Variables of a local stack that hold the address of a service. */
const ADDRESSES = ['PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST'] as const;

/** Of a description. One of another format is refused. */
const FORMAT = 1;

/** Writes the whole description or nothing, so a reader never sees half of it. */
export async function writeStackFile(description: StackDescription, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  const folder = await realpath(dirname(file));
  await writeFile(draft, `${JSON.stringify({ format: FORMAT, folder, ...description }, null, 2)}\n`);
  await rename(draft, file);
}

export async function removeStackFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

/**
 * The stack that another process runs in this checkout; undefined when none does. After a kill or a reboot, the process
 * id may be that of an unrelated process, so a stack counts only when one of its services answers. Throws UserError.
 */
export async function runningStack(file = STACK_FILE): Promise<StackDescription | undefined> {
  const name = relative(process.cwd(), file) || file;
  const found = await read(file, name);
  if (found === undefined || !isAlive(found.pid)) return undefined;
  const description = described(found, name);
  const answers = await Promise.allSettled(
    ADDRESSES.map((variable) => assertAnswers(variable, description.environment[variable], name)),
  );
  return answers.some(({ status }) => status === 'fulfilled') ? description : undefined;
}

/** The target of the running local stack that `file` describes. Throws the errors of `describedStack`. */
export async function localStack(file = STACK_FILE): Promise<Target> {
  const { outputs, environment, ...rest } = await describedStack(file);
  return targetOf(outputs, environment, rest);
}

/**
 * The running local stack that `file` describes. Throws UserError when there is none, when its process has ended, or
 * when its services do not answer.
 */
export async function describedStack(file = STACK_FILE): Promise<StackDescription> {
  const name = relative(process.cwd(), file) || file;
  const found = await read(file, name);
  if (found === undefined) {
    throw new UserError(`no local stack is running: there is no ${name}`, {
      hint: `${START}, or name a deployed one: --stack dev`,
    });
  }
  if (!isAlive(found.pid)) {
    throw new UserError(`${name} is left over from process ${found.pid}, which has ended`, { hint: START });
  }
  const description = described(found, name);
  for (const variable of ADDRESSES) await assertAnswers(variable, description.environment[variable], name);
  return description;
}

type Unchecked = Readonly<Record<string, unknown>> & { readonly pid: number };

async function read(file: string, name: string): Promise<Unchecked | undefined> {
  let stack: unknown;
  try {
    stack = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw broken(name, error.message);
    if (isObject(error) && error.code === 'ENOENT') return undefined;
    throw new UserError(`${name} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  if (!isObject(stack)) throw broken(name, 'it is not a JSON object');
  const { pid, format = FORMAT, folder } = stack;
  if (format !== FORMAT) throw broken(name, `its format is ${format}, and this version reads ${FORMAT}`);
  if (folder !== undefined && folder !== (await realpath(dirname(file))))
    throw new UserError(`${name} is a copy: it describes the stack of ${folder}`, { hint: START });
  if (typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0) return { ...stack, pid };
  throw broken(name, '"pid" is not a process id');
}

function described(stack: Unchecked, name: string): StackDescription {
  const { pid, environment, metrics = {} } = stack;
  if (!isTextMap(environment)) throw broken(name, '"environment" does not hold texts by name');
  if (!isTextMap(metrics)) throw broken(name, '"metrics" does not hold texts by name');
  const outputs = checkOutputs(stack.outputs, name);
  return { pid, outputs, environment, metrics, ...accountsIn(stack, name) };
}

function broken(name: string, reason: string): UserError {
  return new UserError(`${name} does not describe a local stack: ${reason}`, {
    hint: `stop \`pnpm dev\`, delete ${name} and start \`pnpm dev\` again`,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return isObject(error) && error.code === 'EPERM';
  }
}

async function assertAnswers(variable: string, address: string | undefined, name: string): Promise<void> {
  const url = URL.parse(address?.includes('://') ? address : `tcp://${address}`);
  if (!address || !url?.port) throw broken(name, `${variable} is "${address ?? ''}", not host:port`);
  const socket = connect({ host: url.hostname, port: Number(url.port), timeout: ANSWER_TIMEOUT_MS });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('timeout', () => reject(new Error(`no answer in ${ANSWER_TIMEOUT_MS / 1000} s`)));
      socket.once('error', reject);
    });
  } catch (error) {
    const service = `the local stack in ${name} does not answer on ${url.host} (${variable})`;
    throw new UserError(`${service}: ${reasonOf(error)}`, { hint: START, cause: error });
  } finally {
    socket.destroy();
  }
}

function accountsIn(stack: Unchecked, name: string): Accounts {
  const accounts = (['publisher', 'analyst'] as const).flatMap((role) => {
    const account = stack[role];
    if (account === undefined) return [];
    if (isAccount(account)) return [[role, account] as const];
    throw broken(name, `"${role}" does not hold the texts "member" and "metadataHost"`);
  });
  return Object.fromEntries(accounts);
}

function isAccount(value: unknown): value is Account {
  return isObject(value) && [value.member, value.metadataHost].every((text) => typeof text === 'string');
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

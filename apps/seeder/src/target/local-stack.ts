import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { relative } from 'node:path';
import { reasonOf, SeederError } from '../errors.ts';
import { isObject, type Publisher, type Target, targetOf } from './target.ts';

const START = 'start one with `pnpm dev` in another terminal';
const ANSWER_TIMEOUT_MS = 2_000;

/** Variables of a local stack that hold the address of a service. */
const ADDRESSES = ['PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST'] as const;

/**
 * The running local stack that `file` describes. Throws SeederError when there is none, when the file outlived its
 * process, or when its services do not answer.
 */
export async function localStack(file: string): Promise<Target> {
  const name = relative(process.cwd(), file) || file;
  const stack = parse(await read(file, name), name);
  const { pid, environment, publisher } = stack;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0)
    throw broken(name, '"pid" is not a process id');
  if (!isTextMap(environment)) throw broken(name, '"environment" does not hold texts by name');
  if (publisher !== undefined && !isPublisher(publisher))
    throw broken(name, '"publisher" does not hold the texts "member" and "metadataHost"');
  if (!isAlive(pid)) {
    throw new SeederError(`${name} is left over from process ${pid}, which has ended`, { wayOut: START });
  }
  const target = targetOf(stack.outputs, name, environment);
  for (const variable of ADDRESSES) await assertAnswers(variable, environment[variable], name);
  return { ...target, ...(publisher !== undefined && { publisher }) };
}

async function read(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isObject(error) && error.code === 'ENOENT') {
      throw new SeederError(`no local stack is running: there is no ${name}`, {
        wayOut: `${START}, or name a deployed one: --stack dev`,
      });
    }
    throw new SeederError(`${name} can not be read: ${reasonOf(error)}`, { cause: error });
  }
}

function parse(text: string, name: string): Record<string, unknown> {
  let stack: unknown;
  try {
    stack = JSON.parse(text);
  } catch (error) {
    throw broken(name, reasonOf(error));
  }
  if (!isObject(stack)) throw broken(name, 'it is not a JSON object');
  return stack;
}

function broken(name: string, reason: string): SeederError {
  return new SeederError(`${name} does not describe a local stack: ${reason}`, {
    wayOut: `stop \`pnpm dev\`, delete ${name} and start \`pnpm dev\` again`,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive, too.
    return isObject(error) && error.code === 'EPERM';
  }
}

async function assertAnswers(variable: string, address: string | undefined, name: string): Promise<void> {
  const url = URL.parse(address?.includes('://') ? address : `tcp://${address}`);
  if (!address || !url?.port) throw broken(name, `${variable} is "${address ?? ''}", not host:port`);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), timeout: ANSWER_TIMEOUT_MS });
    const fail = (reason: string) => {
      socket.destroy();
      reject(
        new SeederError(
          `the local stack in ${name} does not answer on ${url.host} (${variable}): ${reason}`,
          {
            wayOut: START,
          },
        ),
      );
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail(`no answer in ${ANSWER_TIMEOUT_MS / 1000} s`));
    socket.once('error', (error) => fail(reasonOf(error)));
  });
}

function isPublisher(value: unknown): value is Publisher {
  return isObject(value) && [value.member, value.metadataHost].every((text) => typeof text === 'string');
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

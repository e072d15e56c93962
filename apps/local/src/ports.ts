import { readdir, readFile, readlink } from 'node:fs/promises';
import { reasonOf, UserError } from '@records/cli';
import { isTaken } from '@records/local-cloud';

/** A port that `pnpm dev` will listen on. */
export interface WantedPort {
  /** `Pub/Sub` */
  readonly service: string;
  /** The variable that sets it. */
  readonly variable: string;
  /** 0 is a free one. */
  readonly port: number;
}

/** Throws UserError with every port that cannot be had: who listens on it, where the system tells, and what to set. */
export async function assertPortsFree(ports: readonly WantedPort[]): Promise<void> {
  const problems: string[] = [];
  const variables: string[] = [];
  for (const [index, { service, variable, port }] of ports.entries()) {
    const twin = port === 0 ? undefined : ports.slice(0, index).find((other) => other.port === port);
    const problem = twin ? `is also the port of ${twin.service}` : await problemOf(port);
    if (problem === undefined) continue;
    problems.push(`port ${port} of ${service} ${problem}`);
    variables.push(`${variable}=0`);
  }
  if (problems.length === 0) return;
  throw new UserError(problems.join('\n       '), {
    hint: `stop what listens there, or take free ports: ${variables.join(' ')} pnpm dev`,
  });
}

async function problemOf(port: number): Promise<string | undefined> {
  if (port === 0) return undefined;
  try {
    if (!(await isTaken(port))) return undefined;
  } catch (error) {
    return `cannot be opened: ${reasonOf(error)}`;
  }
  const holder = await listenerOn(port);
  return `is taken${holder === undefined ? '' : ` by ${holder}`}`;
}

/** `process 4242 (node server.js, in /home/ana/shop)`. Linux only, and only processes of the same user. */
async function listenerOn(port: number): Promise<string | undefined> {
  try {
    const sockets = await socketsOn(port);
    for (const pid of await readdir('/proc')) {
      if (/^\d+$/.test(pid) && (await holds(pid, sockets))) return await describe(pid);
    }
  } catch {
    // No /proc, or the process has just ended.
  }
  return undefined;
}

/** https://docs.kernel.org/networking/proc_net_tcp.html: local address, state 0A for LISTEN, and inode. */
async function socketsOn(port: number): Promise<ReadonlySet<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  const rows = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)));
  const listening = rows.filter(([, local, , state]) => state === '0A' && local?.endsWith(suffix));
  return new Set(listening.map((row) => `socket:[${row[9]}]`));
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const files = await readdir(folder).catch(() => []);
  const targets = await Promise.all(files.map((file) => readlink(`${folder}/${file}`).catch(() => '')));
  return targets.some((target) => sockets.has(target));
}

async function describe(pid: string): Promise<string> {
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ').trim();
  const folder = await readlink(`/proc/${pid}/cwd`);
  return `process ${pid} (${command.slice(0, 80)}, in ${folder})`;
}

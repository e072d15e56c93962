import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  /** Resident memory now and at its highest. MB. */
  readonly now: number;
  readonly peak: number;
}

/** Linux only. Zero for a process that has ended. */
export function memoryOf(pid: number): Memory {
  const status = read(`/proc/${pid}/status`) ?? '';
  // /proc writes kB for units of 1,024 bytes.
  const of = (field: string) =>
    Math.round((Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1_024) / 1e6);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

const TICKS_PER_SECOND = 100;

/** Seconds of a processor that a process has used. Linux only. Zero for a process that has ended. */
export function processorSecondsOf(pid: number): number {
  const { user, system } = statOf(String(pid));
  return (user + system) / TICKS_PER_SECOND;
}

/** The highest peak among the processes of a group, MB. Linux only. */
export function peakMemoryOfGroup(leader: number): number {
  const members = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(name).group === leader);
  return Math.max(...[leader, ...members.map(Number)].map((pid) => memoryOf(pid).peak));
}

/** The processes that a process has started and that run. Linux only. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => statOf(pid).parent === parent && statOf(pid).state !== 'Z').map(Number);
}

/** Fields of /proc/PID/stat after the name. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function statOf(pid: string) {
  const text = read(`/proc/${pid}/stat`) ?? '';
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const [user = 0, system = 0] = fields.slice(11, 13).map(Number);
  return { state, parent: Number(parent), group: Number(group), user, system };
}

/** Undefined when the process has ended. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  /** Resident memory now and at its highest. MB. */
  readonly now: number;
  readonly peak: number;
}

/** Linux only. Zero for a process that has ended. */
export function memoryOf(pid: number): Memory {
  const status = read(`/proc/${pid}/status`) ?? '';
  const of = (field: string) =>
    Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_000);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** The highest peak among the processes of a group, MB. Linux only. */
export function peakMemoryOfGroup(leader: number): number {
  const members = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === leader);
  return Math.max(...[leader, ...members.map(Number)].map((pid) => memoryOf(pid).peak));
}

/** Fields of /proc/PID/stat after the name: state, parent, group. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function groupOf(pid: string): number | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]);
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

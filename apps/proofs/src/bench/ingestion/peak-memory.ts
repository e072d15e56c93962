import { readdirSync, readFileSync } from 'node:fs';

/** The most resident memory that a process has had, or, for the leader of a group, the greatest of the group. MB; Linux only. */
export function peakMemory(pid: number): number {
  const members = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === pid);
  return Math.max(...[String(pid), ...members].map(peakOf));
}

/** Fields of /proc/PID/stat after the name in brackets: state, parent, group. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function groupOf(pid: string): number | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]);
}

function peakOf(pid: string): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) / 1_000;
}

/** Undefined when the process has ended meanwhile. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

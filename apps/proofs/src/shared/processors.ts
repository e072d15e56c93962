import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The processors that this process may use at its start; a container can restrict them. */
const PROCESSORS: readonly number[] = process.platform === 'linux' ? allowedProcessors() : [];

/**
 * Gives the first processor to `pid` and moves this process, with the processes that it starts from now on, to the others,
 * so that a load generator takes no time from what it measures. False on one processor, or without Linux and util-linux;
 * then nothing moves.
 */
export function separate(pid: number): boolean {
  const [first, ...others] = PROCESSORS;
  if (first === undefined || others.length === 0) return false;
  try {
    move(pid, [first]);
    move(process.pid, others);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function move(pid: number, processors: readonly number[]): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors.join(','), String(pid)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function allowedProcessors(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

import { createInterface } from 'node:readline';

// Reads `+PID` and `-PID` of process groups from the process that started it, and kills what is left of them when
// that process is gone, however it went: the operating system closes the pipe.
const groups = new Set<number>();

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) groups.add(pid);
  else groups.delete(pid);
}

for (const pid of groups) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

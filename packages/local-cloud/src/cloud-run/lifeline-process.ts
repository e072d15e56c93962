import { createInterface } from 'node:readline';

// Reads `+PID` and `-PID` of process groups from its parent. When the parent ends, for whatever reason, the operating
// system closes the pipe, and this process kills the groups that are left.
const groups = new Set<number>();

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) groups.add(pid);
  else groups.delete(pid);
}

for (const pid of groups) {
  try {
    // Windows has no process groups.
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

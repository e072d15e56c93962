import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Runs the proof in a network namespace of its own, or says why it cannot. */
export async function proveSlowReaders(seconds: number): Promise<void> {
  const missing = whatIsMissing();
  if (missing !== undefined) {
    console.log(`SKIPPED: ${missing}`);
    return;
  }
  const script = join(import.meta.dirname, 'namespace-process.ts');
  const child = spawn('unshare', ['--net', process.execPath, script, String(seconds)], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? 1;
}

function whatIsMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a network namespace needs Linux and root';
  const absent = ['unshare', 'ip'].find((program) => spawnSync(program, ['--version']).error !== undefined);
  return absent === undefined
    ? undefined
    : `${absent} is not installed (Debian: apt install util-linux iproute2)`;
}

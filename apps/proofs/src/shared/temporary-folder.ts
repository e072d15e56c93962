import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a command whose temporary files, and those of its children, are in one folder: no end of it leaves any, not even Ctrl-C. */
export async function inTemporaryFolder(run: () => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'records-proofs-'));
  process.env.TMPDIR = folder;
  // Children may still write.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  for (const signal of SIGNALS)
    process.once(signal, () => {
      // The command stops cleanly by itself, and `run` resolves.
      if (process.listenerCount(signal) > 0) return;
      // Whoever started a process ends it at the exit, which a signal alone does not announce.
      process.emit('exit', 1);
      remove();
      process.kill(process.pid, signal);
    });
  try {
    await run();
  } finally {
    remove();
  }
}

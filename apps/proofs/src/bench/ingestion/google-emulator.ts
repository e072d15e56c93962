import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@records/local-cloud';

/** Places of the Google Cloud CLI's Pub/Sub emulator: Debian's package, then a manual installation. */
const PLACES = [
  '/usr/lib/google-cloud-sdk/platform/pubsub-emulator',
  join(process.env.HOME ?? '', 'google-cloud-sdk/platform/pubsub-emulator'),
].map((folder) => join(folder, 'bin', 'cloud-pubsub-emulator'));

export interface GoogleEmulator extends AsyncDisposable {
  /** For PUBSUB_EMULATOR_HOST. */
  readonly host: string;
  /** The leader of its process group. */
  readonly pid: number;
}

/** Starts Google's Pub/Sub emulator. Undefined where it is not installed. */
export async function startGoogleEmulator(): Promise<GoogleEmulator | undefined> {
  const program = PLACES.find((place) => existsSync(place));
  if (program === undefined) return undefined;
  const port = await freePort();
  const dataDir = await mkdtemp(join(tmpdir(), 'google-pubsub-'));
  const child = spawn(program, [`--host=127.0.0.1`, `--port=${port}`, `--data-dir=${dataDir}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // The launcher is a shell script; killing the group also ends its Java process.
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) {
      process.kill(-pid, 'SIGKILL');
      await once(child, 'exit');
    }
    await rm(dataDir, { recursive: true, force: true });
  };
  const lines: string[] = [];
  const started = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line.includes('Server started')) resolve();
      });
    }
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${lines.join('\n')}`)));
  });
  try {
    await started;
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: `127.0.0.1:${port}`, pid, [Symbol.asyncDispose]: stop };
}

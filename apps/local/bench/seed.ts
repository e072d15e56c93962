/**
 * pnpm bench:seed [RECORDS]: how fast `pnpm seed` gets records from published to visible in the table of a local stack
 * that keeps them on disk, beside how fast Google's own emulator gets messages from published to pulled, where it is
 * installed (part of the Google Cloud CLI). Both are asked by a process of its own, one after the other.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalStack } from '../src/local-stack.ts';
import { REPOSITORY } from '../src/paths.ts';
import { startGoogleEmulator } from './google-emulator.ts';

const count = Number(process.argv[2] ?? 100_000);
if (!Number.isSafeInteger(count) || count < 1)
  throw new TypeError('usage: pnpm bench:seed [RECORDS], from 1');

const run = promisify(execFile);
/** Enough for both servers to compile what they use. */
const WARM_UP = 20_000;

const ours = await seedLocalStack();
const google = await pullFromGoogleEmulator();
const rate = (perSecond: number) => `${Math.round(perSecond).toLocaleString('en-US')}/s`;
console.log(`${count.toLocaleString('en-US')} records`);
console.log(`  local stack, on disk, published to visible in the table   ${rate(ours)}`);
if (google === undefined) console.log("  Google's emulator is not installed, so there is no ratio");
else {
  console.log(`  Google's emulator, in memory, published to pulled         ${rate(google)}`);
  console.log(`  ratio                                                     ${(ours / google).toFixed(1)}`);
}

async function seedLocalStack(): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-seed-'));
  try {
    await using stack = await LocalStack.create({ dataDir });
    const stackFile = join(dataDir, 'stack.json');
    const { outputs, environment } = stack;
    await writeFile(stackFile, JSON.stringify({ pid: process.pid, outputs, environment }));
    const seed = async (records: number): Promise<number> => {
      const cli = join(REPOSITORY, 'apps', 'seeder', 'src', 'cli.ts');
      const { stdout } = await run(process.execPath, [
        cli,
        '--count',
        `${records}`,
        '--stack-file',
        stackFile,
        '--json',
      ]);
      const { stored, visibleSeconds } = JSON.parse(stdout) as { stored: number; visibleSeconds: number };
      return stored / visibleSeconds;
    };
    await seed(WARM_UP);
    return await seed(count);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function pullFromGoogleEmulator(): Promise<number | undefined> {
  await using emulator = await startGoogleEmulator();
  if (emulator === undefined) return undefined;
  const pull = async (records: number): Promise<number> => {
    const { stdout } = await run(
      process.execPath,
      [join(import.meta.dirname, 'publish-and-pull.ts'), emulator.host, `${records}`],
      { env: { ...process.env, METADATA_SERVER_DETECTION: 'none' } },
    );
    return Number(stdout);
  };
  await pull(WARM_UP);
  return await pull(count);
}

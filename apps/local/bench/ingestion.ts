/**
 * pnpm bench:ingestion [RECORDS…]: records per second from published to visible in the table, on disk and in memory, beside
 * Google's emulator from published to pulled, where it is installed (part of the Google Cloud CLI), and the most memory
 * that each server has had. All are asked by a process of their own, one after the other. 10,000, 100,000 and 1,000,000
 * records by default. Exit code 1 when a promise of ingestion-verdict.ts is not kept. Linux only.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../src/paths.ts';
import { StackProcess } from './chaos/processes.ts';
import { startGoogleEmulator } from './google-emulator.ts';
import { brokenPromises, percent, ratiosOf, spreadOf } from './ingestion-verdict.ts';
import { peakMemory } from './peak-memory.ts';

const counts = process.argv.slice(2).map(Number);
if (counts.length === 0) counts.push(10_000, 100_000, 1_000_000);
if (!counts.every((count) => Number.isSafeInteger(count) && count > 0))
  throw new TypeError('usage: pnpm bench:ingestion [RECORDS…], each from 1');

const run = promisify(execFile);
/** Enough for a server to compile what it uses. */
const WARM_UP = 5_000;

interface Measured {
  /** Per second, for each of the counts. */
  readonly rates: readonly number[];
  /** MB. */
  readonly peak: number;
}

async function measured(ask: (records: number) => Promise<number>, pid: number): Promise<Measured> {
  await ask(WARM_UP);
  const rates: number[] = [];
  for (const count of counts) rates.push(await ask(count));
  return { rates, peak: peakMemory(pid) };
}

async function ours(place: 'on disk' | 'in memory'): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-ingestion-'));
  try {
    const dataDir = place === 'on disk' ? join(folder, 'cloud') : '';
    await using stack = await StackProcess.start(dataDir, {});
    const stackFile = join(folder, 'stack.json');
    await writeFile(stackFile, JSON.stringify({ pid: stack.pid, ...stack.ready.description }));
    const cli = join(REPOSITORY, 'apps', 'seeder', 'src', 'cli.ts');
    return await measured(async (records) => {
      const { stdout } = await run(process.execPath, [
        ...[cli, '--count', `${records}`],
        ...['--stack-file', stackFile, '--json'],
      ]);
      const { stored, visibleSeconds } = JSON.parse(stdout) as { stored: number; visibleSeconds: number };
      return stored / visibleSeconds;
    }, stack.pid);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function google(): Promise<Measured | undefined> {
  await using emulator = await startGoogleEmulator();
  if (emulator === undefined) return undefined;
  return await measured(async (records) => {
    const script = join(import.meta.dirname, 'publish-and-pull.ts');
    const { stdout } = await run(process.execPath, [script, emulator.host, `${records}`], {
      env: { ...process.env, METADATA_SERVER_DETECTION: 'none' },
    });
    return Number(stdout);
  }, emulator.pid);
}

const disk = await ours('on disk');
const memory = await ours('in memory');
const emulator = await google();

const line = (name: string, cells: readonly string[]) =>
  console.log(name.padEnd(40) + cells.map((cell) => cell.padStart(14)).join(''));
const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const columns = ['memory', ...(counts.length > 1 ? ['spread'] : [])];
const report = (name: string, { rates, peak }: Measured) =>
  line(name, [
    ...rates.map((rate) => `${whole(rate)}/s`),
    `${whole(peak)} MB`,
    ...(counts.length > 1 ? [percent(spreadOf(rates))] : []),
  ]);

line('records', [...counts.map(whole), ...columns]);
report('on disk, published to visible', disk);
report('in memory, published to visible', memory);
if (emulator === undefined) console.log("Google's emulator is not installed, so there is no ratio");
else {
  report("Google's emulator, published to pulled", emulator);
  const ratio = ({ rates }: Measured) => ratiosOf(rates, emulator.rates).map((value) => value.toFixed(1));
  line('ratio, on disk', ratio(disk));
  line('ratio, in memory', ratio(memory));
}
const broken = brokenPromises({ disk: disk.rates, memory: memory.rates, emulator: emulator?.rates });
for (const promise of broken) console.log(`BAD: ${promise}`);
if (broken.length === 0) console.log('GOOD');
process.exitCode = broken.length === 0 ? 0 : 1;

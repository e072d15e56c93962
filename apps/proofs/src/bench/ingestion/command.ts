/**
 * pnpm bench:ingestion [RECORDS…]: records per second from published to visible in the table, on disk and in memory, beside
 * Google's emulator from published to pulled, where it is installed (part of the Google Cloud CLI), and the most memory
 * that each server has had. Each is asked by a process of its own, one after the other, when both are warm. 10,000, 100,000
 * and 1,000,000 records by default. Exit code 1 when a promise of verdict.ts is not kept. Linux only.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackProcess } from '../chaos/processes.ts';
import { median } from '../load.ts';
import { AskedProcess } from './asked-process.ts';
import { startGoogleEmulator } from './google-emulator.ts';
import { peakMemory } from './peak-memory.ts';
import { brokenPromises, percent, ratiosOf, spreadOf } from './verdict.ts';

const counts = process.argv.slice(2).map(Number);
if (counts.length === 0) counts.push(10_000, 100_000, 1_000_000);
if (!counts.every((count) => Number.isSafeInteger(count) && count > 0))
  throw new TypeError('usage: pnpm bench:ingestion [RECORDS…], each from 1');

/** Enough for both sides to compile what they use. */
const WARM_UP = 100_000;
/** Google's emulator does not always get through a million. */
const LIMIT_MS = 180_000;
/** Records, below which a size is measured again and again. */
const SHORT = 50_000;
const RUNS_OF_SHORT = 5;

interface Measured {
  /** Per second, for each of the counts. What was not done in time counts as done at that moment. */
  readonly rates: readonly number[];
  /** How many of them were done in time. */
  readonly done: number;
  /** MB. */
  readonly peak: number;
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const columns = ['memory', ...(counts.length > 1 ? ['spread'] : [])];
const line = (name: string, cells: readonly string[]) =>
  console.log(name.padEnd(40) + cells.map((cell) => cell.padStart(14)).join(''));

/** Of several runs, the median: a short one is over in less time than a few looks at the table take. */
async function rateOf(client: AskedProcess, count: number): Promise<number | undefined> {
  const runs = count < SHORT ? RUNS_OF_SHORT : 1;
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const rate = await client.ask(count, LIMIT_MS);
    if (rate === undefined) return undefined;
    rates.push(rate);
  }
  return median(rates);
}

async function measured(name: string, client: AskedProcess, pid: number): Promise<Measured> {
  const warm = await client.ask(WARM_UP, LIMIT_MS);
  if (warm === undefined) throw new Error(`${name}: ${WARM_UP} records take longer than ${LIMIT_MS} ms`);
  const rates: number[] = [];
  let done = 0;
  for (const count of counts) {
    const rate = done === rates.length ? await rateOf(client, count) : undefined;
    if (rate !== undefined) done += 1;
    rates.push(rate ?? count / (LIMIT_MS / 1_000));
  }
  const peak = peakMemory(pid);
  line(name, [
    ...rates.map((rate, n) => `${n < done ? '' : 'below '}${whole(rate)}/s`),
    `${whole(peak)} MB`,
    ...(counts.length > 1 ? [percent(spreadOf(rates.slice(0, done)))] : []),
  ]);
  return { rates, done, peak };
}

async function ours(place: 'on disk' | 'in memory'): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-ingestion-'));
  try {
    const dataDir = place === 'on disk' ? join(folder, 'cloud') : '';
    await using stack = await StackProcess.start(dataDir, {});
    const target = JSON.stringify(stack.ready.target);
    await using client = new AskedProcess(join(import.meta.dirname, 'table-process.ts'), [target]);
    return await measured(`${place}, published to visible`, client, stack.pid);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function google(): Promise<Measured | undefined> {
  await using emulator = await startGoogleEmulator();
  if (emulator === undefined) return undefined;
  await using client = new AskedProcess(join(import.meta.dirname, 'pull-process.ts'), [emulator.host]);
  return await measured("Google's emulator, published to pulled", client, emulator.pid);
}

line('records', [...counts.map(whole), ...columns]);
const disk = await ours('on disk');
const memory = await ours('in memory');
const emulator = await google();
if (emulator === undefined) console.log("Google's emulator is not installed, so there is no ratio");
else {
  const ratio = ({ rates }: Measured) =>
    ratiosOf(rates, emulator.rates).map(
      (value, n) => `${n < emulator.done ? '' : 'over '}${value.toFixed(1)}`,
    );
  line('ratio, on disk', ratio(disk));
  line('ratio, in memory', ratio(memory));
}
const broken = brokenPromises({ disk: disk.rates, memory: memory.rates, emulator: emulator?.rates });
for (const promise of broken) console.log(`BAD: ${promise}`);
if (broken.length === 0) console.log('GOOD');
process.exitCode = broken.length === 0 ? 0 : 1;

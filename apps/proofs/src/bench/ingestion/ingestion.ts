import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ForkedProcess } from '../../shared/forked-process.ts';
import { peakMemoryOfGroup } from '../../shared/memory.ts';
import { percent, printRow, whole } from '../../shared/report.ts';
import { StackProcess } from '../../shared/stack-process.ts';
import { median } from '../../shared/statistics.ts';
import { startGoogleEmulator } from './google-emulator.ts';
import { brokenPromises, ratiosOf, spreadOf } from './verdict.ts';

/** Enough for client and server to compile their code. */
const WARM_UP = 100_000;
/** Google's emulator does not always finish a million records. */
const LIMIT_MS = 180_000;
/** Fewer records are measured several times: one run is shorter than a few polls of the table. */
const SHORT = 50_000;
const RUNS_OF_SHORT = 5;

interface Measured {
  /** Records per second, by count. A run over the limit counts as if it ended then. */
  readonly rates: readonly number[];
  /** How many counts finished within the limit. */
  readonly done: number;
}

/** Answers the rate, in records per second, at which so many records pass through a server. */
type Client = ForkedProcess<number, number>;

/** Measures servers one after the other, each by a client process of its own, when both are warm. */
export async function benchIngestion(counts: readonly number[]): Promise<string[]> {
  const hasSpread = counts.length > 1;

  async function measured(name: string, client: Client, pid: number): Promise<Measured> {
    const warm = await rateWithinLimit(client, WARM_UP);
    if (warm === undefined) throw new Error(`${name}: ${WARM_UP} records take longer than ${LIMIT_MS} ms`);
    const rates: number[] = [];
    let done = 0;
    for (const count of counts) {
      const rate = done === rates.length ? await medianRate(client, count) : undefined;
      if (rate !== undefined) done += 1;
      rates.push(rate ?? count / (LIMIT_MS / 1_000));
    }
    printRow(name, [
      ...rates.map((rate, n) => `${n < done ? '' : 'below '}${whole(rate)}/s`),
      `${whole(peakMemoryOfGroup(pid))} MB`,
      ...(hasSpread ? [percent(spreadOf(rates.slice(0, done)))] : []),
    ]);
    return { rates, done };
  }

  async function ours(place: 'on disk' | 'in memory'): Promise<Measured> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-ingestion-'));
    try {
      const options = place === 'on disk' ? { dataDir: join(folder, 'cloud') } : {};
      await using stack = await StackProcess.start(options);
      await using client: Client = clientOf('table-process.ts', JSON.stringify(stack.ready.target));
      return await measured(`${place}, published to visible`, client, stack.pid);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function google(): Promise<Measured | undefined> {
    await using emulator = await startGoogleEmulator();
    if (emulator === undefined) return undefined;
    await using client: Client = clientOf('pull-process.ts', emulator.host);
    return await measured("Google's emulator, published to pulled", client, emulator.pid);
  }

  printRow('records', [...counts.map(whole), 'peak memory', ...(hasSpread ? ['spread'] : [])]);
  const disk = await ours('on disk');
  const memory = await ours('in memory');
  const emulator = await google();
  if (emulator === undefined) console.log("Google's emulator is not installed, so there is no ratio");
  else {
    for (const [name, { rates }] of Object.entries({ 'on disk': disk, 'in memory': memory })) {
      const ratios = ratiosOf(rates, emulator.rates);
      printRow(
        `ratio, ${name}`,
        ratios.map((ratio, n) => `${n < emulator.done ? '' : 'over '}${ratio.toFixed(1)}`),
      );
    }
  }
  return brokenPromises({ disk: disk.rates, memory: memory.rates, emulator: emulator?.rates });
}

function clientOf(script: string, argument: string): Client {
  return new ForkedProcess(join(import.meta.dirname, script), [argument]);
}

/** Undefined over the limit; then the client cannot be asked again. */
async function rateWithinLimit(client: Client, count: number): Promise<number | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([client.ask(count), delay(LIMIT_MS, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

async function medianRate(client: Client, count: number): Promise<number | undefined> {
  const rates: number[] = [];
  for (let run = 0; run < (count < SHORT ? RUNS_OF_SHORT : 1); run++) {
    const rate = await rateWithinLimit(client, count);
    if (rate === undefined) return undefined;
    rates.push(rate);
  }
  return median(rates);
}

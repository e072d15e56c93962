import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ForkedProcess } from '../../shared/forked-process.ts';
import { memoryOf } from '../../shared/memory.ts';
import { printRow, whole } from '../../shared/report.ts';
import { StackProcess } from '../../shared/stack-process.ts';
import { drained } from '../../shared/waiting.ts';
import { KINDS, Readers, type Sample, WAYS } from './readers.ts';
import { brokenBy, figuresOf, type Minute, statusesOf } from './verdict.ts';
import type { WriterAnswer, WriterQuestion } from './writer-process.ts';

/** The share of the wanted rate that the topic must have acknowledged. */
const MIN_WRITTEN = 0.9;

/**
 * Reads from a local stack while records arrive at a steady rate, beside the naive way on the same stack. Each part is a
 * process of its own.
 */
export async function benchSoak(minutes: number, rate: number, minuteMs = 60_000): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-soak-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const stack = cleanUp.use(await StackProcess.start({ dataDir: join(folder, 'cloud') }));
  const { target, apiUrl } = stack.ready;
  const program = <Question, Answer>(script: string) =>
    cleanUp.use(
      new ForkedProcess<Question, Answer>(join(import.meta.dirname, script), [JSON.stringify(target)]),
    );
  const naive = program<'start', string>('naive-process.ts');
  const naiveUrl = await naive.ask('start');
  const writer = program<WriterQuestion, WriterAnswer>('writer-process.ts');
  const [firstApi = Number.NaN] = (await stack.ask('backlog')).apis;
  const processes = { stack: stack.pid, API: firstApi, 'naive way': naive.pid };

  const all: Minute[] = [];
  let samples: Sample[] = [];
  const readers = new Readers({ ours: apiUrl, naive: naiveUrl }, (sample) => samples.push(sample));
  console.log(
    `${minutes} min; ${whole(rate)} records a second are published; four readers of each way pause 20 ms\n`,
  );
  await writer.ask({ rate, first: 0 });
  const began = performance.now();
  const over = new AbortController();
  const reading = readers.run(over.signal);
  // Nothing is to be measured once one of them has ended.
  const going = Promise.race([reading, ...[stack, naive, writer].map((one) => one.ended(over.signal))]);
  going.catch(() => {});
  for (let minute = 1; minute <= minutes; minute++) {
    await Promise.race([delay(began + minute * minuteMs - performance.now()), going]);
    const { acknowledged } = await writer.ask({ rate, first: 0 });
    const finished = { samples };
    samples = [];
    all.push(finished);
    const memory = Object.entries(processes).map(([name, pid]) => `${name} ${memoryOf(pid).now} MB`);
    printMinute(
      `minute ${minute}: ${whole(acknowledged)} acknowledged, ${whole(readers.visible)} visible; resident: ${memory.join(', ')}`,
      finished,
    );
  }
  over.abort();
  await reading;
  const { acknowledged } = await writer.ask({ rate: 0, first: 0 });
  await drained(async () => (await stack.ask('backlog')).backlog);
  const { apis } = await stack.ask('backlog');
  const memory = Object.entries(processes).map(([name, pid]) => ({ name, mb: memoryOf(pid).peak }));
  printSummary(all);
  console.log(`\nresident at its highest: ${memory.map(({ name, mb }) => `${name} ${mb} MB`).join(', ')}`);
  const seconds = (minutes * minuteMs) / 1_000;
  console.log(`${whole(acknowledged)} records acknowledged, and all of them stored`);
  return [
    ...brokenBy(all, memory),
    ...(apis.length === 1 && apis[0] === firstApi ? [] : ['the API ended, and was started again']),
    ...(acknowledged < MIN_WRITTEN * seconds * rate
      ? [`only ${whole(acknowledged / seconds)} records a second were acknowledged, not ${whole(rate)}`]
      : []),
  ];
}

function printMinute(title: string, { samples }: Minute): void {
  console.log(title);
  printRow('', ['requests', 'p50 ms', 'p99 ms', 'naive', 'p50 ms', 'p99 ms']);
  for (const kind of KINDS)
    printRow(
      `  ${kind}`,
      WAYS.flatMap((way) => {
        const { count, p50, p99 } = figuresOf(samples, way, kind);
        return [String(count), p50.toFixed(1), p99.toFixed(1)];
      }),
    );
  for (const way of WAYS) {
    const counts = [...statusesOf(samples, way)].map(([name, count]) => `${count} × ${name}`);
    console.log(`  ${way}: ${counts.sort().join(', ')}`);
  }
  console.log();
}

function printSummary(minutes: readonly Minute[]): void {
  const all = minutes.flatMap(({ samples }) => samples);
  const names = ['p50 ms', 'naive', 'ratio', 'p99 ms', 'naive', 'ratio', 'first p99', 'last p99'];
  printRow('all minutes', names);
  for (const kind of KINDS) {
    const [ours, naive] = [figuresOf(all, 'ours', kind), figuresOf(all, 'naive', kind)];
    const ends = [minutes.at(0), minutes.at(-1)].map((minute) =>
      figuresOf(minute?.samples ?? [], 'ours', kind).p99.toFixed(1),
    );
    printRow(`  ${kind}`, [
      ...[ours.p50.toFixed(1), naive.p50.toFixed(1), (ours.p50 / naive.p50).toFixed(2)],
      ...[ours.p99.toFixed(1), naive.p99.toFixed(1), (ours.p99 / naive.p99).toFixed(2)],
      ...ends,
    ]);
  }
}

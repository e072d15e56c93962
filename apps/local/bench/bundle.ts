/**
 * pnpm bench:bundle [STARTS]: builds what the image of the API holds, starts it so many times, and stops it each time by
 * SIGTERM under load. Prints its files and size, the time to the first 200, its memory, the time to exit and what broke.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalStack } from '../src/local-stack.ts';
import { REPOSITORY } from '../src/paths.ts';
import { ApiProcess } from './api-process.ts';
import { keepAsking } from './keep-asking.ts';
import { percentile } from './load.ts';
import { appendPeople } from './people.ts';

const starts = Number(process.argv[2] ?? 5);
if (!Number.isInteger(starts) || starts < 1) throw new TypeError('usage: pnpm bench:bundle [STARTS], from 1');
const CLIENTS = 16;
const ANSWERS_BEFORE_STOP = 200;

const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
try {
  await promisify(execFile)(process.execPath, [join(REPOSITORY, 'apps', 'api', 'esbuild.config.ts'), folder]);
  for (const file of await readdir(folder)) {
    const { size } = await stat(join(folder, file));
    console.log(`${file.padEnd(20)} ${(size / 1e6).toFixed(2).padStart(6)} MB`);
  }
  await using stack = await LocalStack.create();
  await appendPeople(stack, 10_000);
  const ready: number[] = [];
  const memory: number[] = [];
  const exits: number[] = [];
  const broken: string[] = [];
  let answered = 0;
  for (let start = 0; start < starts; start++) {
    const spawned = performance.now();
    await using api = await ApiProcess.start(stack, 3_600, {}, join(folder, 'main.js'));
    ready.push(performance.now() - spawned);
    memory.push(api.memory().now);
    let [seen, stopped] = [0, 0];
    const onAnswer = () => {
      if (++seen !== ANSWERS_BEFORE_STOP) return;
      stopped = performance.now();
      api.kill('SIGTERM');
    };
    const url = `${api.url}/records?limit=100`;
    for (const asked of await Promise.all(Array.from({ length: CLIENTS }, () => keepAsking(url, onAnswer)))) {
      answered += asked.answered;
      broken.push(...asked.broken);
    }
    await api[Symbol.asyncDispose]();
    exits.push(performance.now() - stopped);
  }
  const of = (values: readonly number[], unit: string) =>
    `${percentile(values, 0.5).toFixed(0)} ${unit} in the median of ${starts}, ${percentile(values, 1).toFixed(0)} ${unit} at most`;
  console.log(`from start to ready  ${of(ready, 'ms')}`);
  console.log(`resident when ready  ${of(memory, 'MB')}`);
  console.log(`from SIGTERM to exit ${of(exits, 'ms')}, under load`);
  console.log(`requests             ${answered} answered, ${broken.length} broken`);
  for (const reason of new Set(broken)) console.log(`  ${reason}`);
  if (broken.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

import { appendFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { bundleApi } from './bundled-api.ts';
import { keepAsking } from './keep-asking.ts';
import { percentile } from './load.ts';
import { appendPeople } from './people.ts';

const USAGE = `Usage: pnpm bench:bundle [STARTS] [--out FILE]

Builds what the image of the API holds, starts it so many times (default: 5), and stops it each time by SIGTERM under load.
Prints its files and size, the time to the first 200 and until it is ready, its memory, the time to exit and what broke. Exit code 1 when a request
broke, or when half of the starts took longer than promised.

Options:
  --out FILE   add the figures to this file, as Markdown
  --help       print this
`;

const { values, positionals } = parseArgs({
  options: { out: { type: 'string' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
const starts = Number(positionals[0] ?? 5);
if (values.help) {
  process.stdout.write(USAGE);
  process.exit();
}
if (!Number.isInteger(starts) || starts < 1 || positionals.length > 1) {
  throw new TypeError('STARTS must be one number, from 1: see --help');
}
/** What an instance is promised to take at most until it answers 200, in the median. */
const ANSWERS_WITHIN_MS = 500;
const CLIENTS = 16;
const ANSWERS_BEFORE_STOP = 200;

const lines: string[] = [];
const print = (line: string) => {
  console.log(line);
  lines.push(line);
};

await using bundle = await bundleApi();
for (const file of (await readdir(bundle.folder, { recursive: true })).sort()) {
  const found = await stat(join(bundle.folder, file));
  if (found.isFile()) print(`${file.padEnd(44)} ${(found.size / 1e6).toFixed(2).padStart(6)} MB`);
}
await using stack = await LocalStack.create();
await appendPeople(stack, 10_000);
const first: number[] = [];
const ready: number[] = [];
const memory: number[] = [];
const exits: number[] = [];
const broken: string[] = [];
let answered = 0;
for (let start = 0; start < starts; start++) {
  await using api = await ApiProcess.start(stack, 3_600, bundle.environment, bundle.main);
  first.push(api.started.first);
  ready.push(api.started.ready);
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
print(`from start to a 200  ${of(first, 'ms')}`);
print(`from start to ready  ${of(ready, 'ms')}, BigQuery asked`);
print(`resident when ready  ${of(memory, 'MB')}`);
print(`from SIGTERM to exit ${of(exits, 'ms')}, under load`);
print(`requests             ${answered} answered, ${broken.length} broken`);
for (const reason of new Set(broken)) print(`  ${reason}`);
const problems = broken.length > 0 ? [`${broken.length} requests broke`] : [];
const median = percentile(first, 0.5);
if (median > ANSWERS_WITHIN_MS) {
  problems.push(`${median.toFixed(0)} ms from start to a 200, and ${ANSWERS_WITHIN_MS} ms are promised`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
if (values.out) {
  const text = [...lines, ...problems].join('\n');
  await appendFile(values.out, `### What the image holds\n\n\`\`\`\n${text}\n\`\`\`\n`);
}

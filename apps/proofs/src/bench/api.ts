/**
 * pnpm bench:api [ROWS] [ROUNDS] [SECONDS]: requests per second of a hot page and of a hot record, with every protection
 * on, beside a bare Fastify route that sends the same bytes from memory. Rounds alternate; the ratio is the median of
 * theirs, since the machine can be faster in one than in the next. Where there are two processors, the load does not use that of
 * what it measures. Then what is not in memory: a page of rows that nobody has read, a record that nobody has asked for, an id
 * that nobody has. Exit code 1 when a ratio is not what is promised.
 */
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { BareFastify } from './bare-fastify.ts';
import { type LoadResult, median, percentile, sendLoad } from './load.ts';
import { appendPeople, idOf } from './people.ts';
import { separate } from './processors.ts';

const [rows = 100_000, rounds = 15, seconds = 1] = process.argv.slice(2).map(Number);
if (![rows, rounds, seconds].every((value) => Number.isInteger(value) && value > 0) || rows < 1_000) {
  throw new TypeError('usage: pnpm bench:api [ROWS] [ROUNDS] [SECONDS], ROWS from 1000');
}
const CONNECTIONS = 32;
/** Rounds before those that count. */
const WARM_UP = 3;
const COLD = 50;
/** What is promised of a hot page and of a hot record, as a share of what bare Fastify does. */
const LEAST_RATIO = 0.75;
const PROMISED: ReadonlySet<string> = new Set(['page of 100', 'record']);

const ratios: { readonly name: string; readonly ratio: number }[] = [];

await using stack = await LocalStack.create();
await appendPeople(stack, rows);
await using api = await ApiProcess.start(stack, 3_600, { LOG_LEVEL: 'info' });
const place = separate(api.pid)
  ? 'the load on other processors'
  : 'on the processors that the load uses as well';
console.log(`${rows} rows, ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s each, ${place}\n`);
console.log('                      requests/s   p50 ms   p99 ms   of bare Fastify');
await compare('page of 100', '/records?limit=100');
await compare('record', `/records/${idOf(1)}`);
// Beside an empty body with a fourth of the header fields: a figure, no promise.
await compare('304 of a page', '/records?limit=100', true);

const broken = ratios.filter(({ name, ratio }) => PROMISED.has(name) && ratio < LEAST_RATIO);
for (const { name, ratio } of broken)
  console.log(`BAD: ${name} is at ${ratio.toFixed(2)}, not at ${LEAST_RATIO} at least`);
if (broken.length > 0) process.exitCode = 1;

console.log('\nnot in memory             p50 ms   p99 ms');
const pages = Math.min(COLD, Math.floor(rows / 1_000) - 1);
await cold(
  'page of 100',
  Array.from({ length: pages }, (_, n) => `/records?limit=100&offset=${(n + 1) * 1_000}`),
);
await cold(
  'record',
  Array.from({ length: COLD }, (_, n) => `/records/${idOf(Math.floor((n + 1) * (rows / (COLD + 2))))}`),
);
await cold(
  'id of nobody',
  Array.from({ length: COLD }, (_, n) => `/records/${`nobody-${n}`}`),
);

async function compare(name: string, path: string, conditional = false): Promise<void> {
  const url = api.url + path;
  // As the load generator asks, or the entity tag would be that of a compressed page.
  const first = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  if (first.status !== 200) throw new Error(`${url}: ${first.status}`);
  const body = await first.text();
  const headers: Record<string, string> = conditional
    ? { 'if-none-match': first.headers.get('etag') ?? '' }
    : {};
  const type = first.headers.get('content-type') ?? '';
  await using bare = await BareFastify.start(conditional ? '' : body, type);
  separate(bare.pid);
  const ours: LoadResult[] = [];
  const theirs: LoadResult[] = [];
  const load = { connections: CONNECTIONS, seconds };
  const status = conditional ? '304' : '200';
  for (let round = -WARM_UP; round < rounds; round++) {
    const a = await sendLoad({ ...load, url, headers, good: status });
    const b = await sendLoad({ ...load, url: bare.url, headers: {}, good: '200' });
    const others = Object.keys(a.statuses).filter((seen) => seen !== status);
    if (others.length > 0 || a.broken > 0) throw new Error(`${url}: ${JSON.stringify(a)}`);
    if (round >= 0) {
      ours.push(a);
      theirs.push(b);
    }
  }
  const rate = (results: readonly LoadResult[]) => median(results.map(({ goodPerSecond }) => goodPerSecond));
  const at = (results: readonly LoadResult[], key: 'p50' | 'p99') =>
    median(results.map((result) => result[key])).toFixed(1);
  const ratio = median(
    ours.map((a, round) => a.goodPerSecond / (theirs[round]?.goodPerSecond ?? Number.NaN)),
  );
  ratios.push({ name, ratio });
  console.log(
    `${name.padEnd(20)} ${rate(ours).toFixed(0).padStart(11)} ${at(ours, 'p50').padStart(8)} ${at(ours, 'p99').padStart(8)} ${ratio.toFixed(2).padStart(12)} (${rate(theirs).toFixed(0)}/s, p50 ${at(theirs, 'p50')}, p99 ${at(theirs, 'p99')} ms)`,
  );
}

async function cold(name: string, paths: readonly string[]): Promise<void> {
  const times: number[] = [];
  for (const path of paths) {
    const began = performance.now();
    const response = await fetch(api.url + path);
    await response.arrayBuffer();
    times.push(performance.now() - began);
    if (response.status >= 500) throw new Error(`${path}: ${response.status}`);
  }
  console.log(
    `${`${name} (${paths.length})`.padEnd(24)} ${percentile(times, 0.5).toFixed(1).padStart(7)} ${percentile(times, 0.99).toFixed(1).padStart(8)}`,
  );
}

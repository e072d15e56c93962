import { join } from 'node:path';
import { ApiProcess } from '../shared/api-process.ts';
import { ForkedProcess } from '../shared/forked-process.ts';
import { type LoadResult, sendLoad } from '../shared/load.ts';
import { idOf, stackOf } from '../shared/people.ts';
import { separate } from '../shared/processors.ts';
import { printRow } from '../shared/report.ts';
import { median, percentile } from '../shared/statistics.ts';
import type { BareAnswer } from './bare-fastify-process.ts';

const CONNECTIONS = 32;
const WARM_UP_ROUNDS = 3;
const COLD_REQUESTS = 50;
/** The promised rate, as a share of bare Fastify's. */
const LEAST_RATIO = 0.75;

interface Comparison {
  readonly name: string;
  readonly path: string;
  readonly isConditional?: boolean;
  /** Compared with bare Fastify as a figure only, when false. */
  readonly isPromised: boolean;
}

const COMPARISONS: readonly Comparison[] = [
  { name: 'page of 100', path: '/records?limit=100', isPromised: true },
  { name: 'record', path: `/records/${idOf(1)}`, isPromised: true },
  // The baseline sends an empty body with a fourth of the header fields.
  { name: '304 of a page', path: '/records?limit=100', isConditional: true, isPromised: false },
];

/**
 * Compares the API with a bare Fastify route in alternating rounds; the ratio is the median of theirs, since the machine's
 * speed varies. On several processors the load leaves one to the server. Then measures requests that memory cannot answer.
 */
export async function benchApi(rows: number, rounds: number, seconds: number): Promise<string[]> {
  await using stack = await stackOf(rows);
  await using api = await ApiProcess.start(stack, 3_600, { LOG_LEVEL: 'info' });
  const place = separate(api.pid) ? 'other processors than the API' : 'the same processors as the API';
  console.log(
    `${rows} rows, ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s each; the load runs on ${place}\n`,
  );
  printRow('from memory', ['requests/s', 'p50 ms', 'p99 ms', 'ratio', 'Fastify/s', 'p50 ms', 'p99 ms']);
  const broken: string[] = [];
  for (const comparison of COMPARISONS) {
    const ratio = await compare(api, comparison, rounds, seconds);
    if (comparison.isPromised && ratio < LEAST_RATIO) {
      broken.push(
        `${comparison.name}: ${ratio.toFixed(2)} of bare Fastify's rate; at least ${LEAST_RATIO} is promised`,
      );
    }
  }
  console.log();
  printRow('not in memory', ['p50 ms', 'p99 ms']);
  const pages = Math.min(COLD_REQUESTS, Math.floor(rows / 1_000) - 1);
  await cold(api, 'page of 100', pages, (n) => `/records?limit=100&offset=${(n + 1) * 1_000}`);
  const distance = rows / (COLD_REQUESTS + 2);
  await cold(api, 'record', COLD_REQUESTS, (n) => `/records/${idOf(Math.floor((n + 1) * distance))}`);
  await cold(api, 'unknown id', COLD_REQUESTS, (n) => `/records/nobody-${n}`);
  return broken;
}

/** Answers the ratio of the two rates. */
async function compare(
  api: ApiProcess,
  { name, path, isConditional = false }: Comparison,
  rounds: number,
  seconds: number,
): Promise<number> {
  const url = api.url + path;
  // Like the load generator: a compressed page has another entity tag.
  const first = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  if (first.status !== 200) throw new Error(`${url}: ${first.status}`);
  const body = await first.text();
  const headers: Record<string, string> = isConditional
    ? { 'if-none-match': first.headers.get('etag') ?? '' }
    : {};
  await using bare = new ForkedProcess<BareAnswer, string>(
    join(import.meta.dirname, 'bare-fastify-process.ts'),
  );
  const type = first.headers.get('content-type') ?? '';
  const bareUrl = await bare.ask({ body: isConditional ? '' : body, type });
  separate(bare.pid);
  const ours: LoadResult[] = [];
  const theirs: LoadResult[] = [];
  const load = { connections: CONNECTIONS, seconds };
  const good = isConditional ? '304' : '200';
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const a = await sendLoad({ ...load, url, headers, good });
    const b = await sendLoad({ ...load, url: bareUrl });
    const others = Object.keys(a.statuses).filter((seen) => seen !== good);
    if (others.length > 0 || a.broken > 0) throw new Error(`${url}: ${JSON.stringify(a)}`);
    if (round >= 0) {
      ours.push(a);
      theirs.push(b);
    }
  }
  const of = (results: readonly LoadResult[], key: 'goodPerSecond' | 'p50' | 'p99', digits = 1) =>
    median(results.map((result) => result[key])).toFixed(digits);
  const ratio = median(
    ours.map((a, round) => a.goodPerSecond / (theirs[round]?.goodPerSecond ?? Number.NaN)),
  );
  printRow(name, [
    ...[of(ours, 'goodPerSecond', 0), of(ours, 'p50'), of(ours, 'p99'), ratio.toFixed(2)],
    ...[of(theirs, 'goodPerSecond', 0), of(theirs, 'p50'), of(theirs, 'p99')],
  ]);
  return ratio;
}

async function cold(
  api: ApiProcess,
  name: string,
  count: number,
  pathOf: (n: number) => string,
): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    const response = await fetch(api.url + pathOf(n));
    await response.arrayBuffer();
    times.push(performance.now() - began);
    if (response.status >= 500) throw new Error(`${pathOf(n)}: ${response.status}`);
  }
  printRow(`${name}, ${count} requests`, [
    percentile(times, 0.5).toFixed(1),
    percentile(times, 0.99).toFixed(1),
  ]);
}

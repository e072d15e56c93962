import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProcess } from '../shared/api-process.ts';
import { bundleApi } from '../shared/bundled-api.ts';
import { ForkedProcess } from '../shared/forked-process.ts';
import { pagesOf, untilListed } from '../shared/pages.ts';
import { personOf, stackOf } from '../shared/people.ts';
import { whole } from '../shared/report.ts';
import { percentile } from '../shared/statistics.ts';
import { WalkedPeople } from '../shared/walked-people.ts';
import type { WriterAnswer, WriterQuestion } from './soak/writer-process.ts';

const FRESHNESS_SECONDS = 60;
/** What a walk may add, whatever the number of rows. Not a total: Node alone takes 40 to 70 MB, which differs by machine and build. */
const WALK_MAX_MB = 100;
const MAX_MB = (512 * 2 ** 20) / 1e6;
/** Records per second. */
const RATE = 1_000;
const BESIDE_WRITER_MS = 1.5 * FRESHNESS_SECONDS * 1_000;
/** How long a caller asks again: a filter of a long list takes a query for each million records, which share two processors here. */
const PATIENCE_MS = 60_000;
/** The share of the rate that must have arrived. */
const MIN_ARRIVED = 0.9;

/**
 * Walks all rows, 1000 at a time, then requests filters, countries and an export again and again while records arrive, until a
 * list shows some of them. Measures the resident memory of the bundled API. The times of answers include those of waiting to ask again.
 */
export async function benchMemory(rows: number): Promise<string[]> {
  await using bundle = await bundleApi();
  await using stack = await stackOf(rows);
  await using api = await ApiProcess.start(stack, FRESHNESS_SECONDS, bundle.environment, bundle.main);
  const before = api.memory();
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  let requests = 0;
  const seen = new WalkedPeople(rows);
  await untilListed(api.url, rows);
  const listed = seconds();
  for await (const records of pagesOf(api.url, 1000)) {
    for (const { id } of records) seen.see(id);
    requests += 1;
  }
  const walked = api.memory();
  const { missed, repeated } = seen;
  console.log(`a list of ${whole(rows)} records after ${listed} s`);
  console.log(
    `a walk of ${whole(requests)} pages until ${seconds()} s: ${missed} records missed, ${repeated} repeated`,
  );
  console.log(
    `resident memory of the API: ${before.now} MB before, ${walked.now} MB after, ${walked.peak} MB at its highest; ${WALK_MAX_MB} MB more than before are allowed`,
  );

  const writerProgram = join(import.meta.dirname, 'soak', 'writer-process.ts');
  await using writer = new ForkedProcess<WriterQuestion, WriterAnswer>(writerProgram, [
    JSON.stringify(stack.seedTarget),
  ]);
  const wrote = performance.now();
  await writer.ask({ rate: RATE, first: rows });
  const { pais, nombre } = personOf('');
  const paths = [
    `/records?pais=${encodeURIComponent(pais)}`,
    `/records?nombre=${encodeURIComponent(nombre)}`,
    '/countries',
    '/records.ndjson',
  ];
  const over = new AbortController();
  const asking = Promise.all(paths.map((path) => repeat(api.url + path, over.signal)));
  try {
    // Memory is highest when a list follows another.
    await Promise.all([delay(BESIDE_WRITER_MS), untilListed(api.url, rows + 1)]);
  } finally {
    over.abort();
  }
  const answers = await asking;
  const { acknowledged } = await writer.ask({ rate: 0, first: rows });
  const rate = (acknowledged * 1_000) / (performance.now() - wrote);
  console.log(
    `${whole(acknowledged)} records arrived, ${whole(rate)} a second, while each of these was requested again and again:`,
  );
  const broken: string[] = [];
  if (missed > 0 || repeated > 0) broken.push(`the walk missed ${missed} records and repeated ${repeated}`);
  if (rate < MIN_ARRIVED * RATE)
    broken.push(`only ${whole(rate)} records a second arrived, so this says nothing about ${whole(RATE)}`);
  for (const [index, path] of paths.entries()) {
    const own = answers[index] ?? [];
    const times = own.map(({ ms }) => ms);
    console.log(
      `  ${path}: ${own.length} answers, p50 ${percentile(times, 0.5).toFixed(0)} ms, p99 ${percentile(times, 0.99).toFixed(0)} ms`,
    );
    for (const [status, { length }] of Map.groupBy(own, (answer) => answer.status))
      if (status !== '200') broken.push(`${path}: ${length} of ${own.length} answers are ${status}`);
  }
  const { peak } = api.memory();
  console.log(
    `resident memory of the API: ${peak} MB at its highest; ${MAX_MB.toFixed(0)} MB (512 MiB) are allowed`,
  );
  const grown = walked.peak - before.now;
  if (grown > WALK_MAX_MB) broken.push(`the walk added ${grown} MB; at most ${WALK_MAX_MB} MB are allowed`);
  if (peak > MAX_MB)
    broken.push(`the API took ${peak} MB while records arrived; the limit is ${MAX_MB.toFixed(0)} MB`);
  return broken;
}

interface Answer {
  /** A status, or the error that came instead of a whole answer. */
  readonly status: string;
  readonly ms: number;
}

/** Requests a URL again and again, at least once. */
async function repeat(url: string, over: AbortSignal): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (!over.aborted) {
    const began = performance.now();
    const status = await read(url).catch((error: unknown) => String(error));
    answers.push({ status, ms: performance.now() - began });
  }
  return answers;
}

/** Reads an answer without keeping it, and asks again when `Retry-After` says so, as a patient caller does. */
async function read(url: string): Promise<string> {
  const began = performance.now();
  for (;;) {
    const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
    for await (const _ of response.body ?? []);
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    if (Number.isNaN(seconds) || performance.now() - began > PATIENCE_MS) return String(response.status);
    await delay(1_000 * seconds);
  }
}

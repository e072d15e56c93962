import { join } from 'node:path';
import { ApiProcess } from '../shared/api-process.ts';
import { bundleApi } from '../shared/bundled-api.ts';
import { ForkedProcess } from '../shared/forked-process.ts';
import { pagesOf, untilListed } from '../shared/pages.ts';
import { personOf, stackOf } from '../shared/people.ts';
import { percentile } from '../shared/statistics.ts';
import type { WriterAnswer, WriterQuestion } from './soak/writer-process.ts';

const FRESHNESS_SECONDS = 60;
const WALK_MAX_MB = 200;
const MAX_MB = (512 * 2 ** 20) / 1e6;
/** Records per second. */
const RATE = 1_000;
/** More than one list is made in this time. */
const BESIDE_WRITER_MS = 1.5 * FRESHNESS_SECONDS * 1_000;

/**
 * Walks all rows, 1000 at a time, then requests filters, countries and an export again and again while records arrive, and
 * measures the resident memory of the bundled API.
 */
export async function benchMemory(rows: number): Promise<string[]> {
  await using bundle = await bundleApi();
  await using stack = await stackOf(rows);
  await using api = await ApiProcess.start(stack, FRESHNESS_SECONDS, bundle.environment, bundle.main);
  const before = api.memory();
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  let [seen, requests, first] = [0, 0, ''];
  await untilListed(api.url);
  for await (const records of pagesOf(api.url, 1000)) {
    seen += records.length;
    requests += 1;
    if (requests === 1) first = seconds();
  }
  const walked = api.memory();
  console.log(`${seen} records in ${requests} requests, ${seconds()} s, the first in ${first} s`);
  console.log(`resident: ${before.now} MB before, ${walked.now} MB after, ${walked.peak} MB at its highest`);

  const writerProgram = join(import.meta.dirname, 'soak', 'writer-process.ts');
  await using writer = new ForkedProcess<WriterQuestion, WriterAnswer>(writerProgram, [
    JSON.stringify(stack.seedTarget),
  ]);
  await writer.ask({ rate: RATE, first: rows });
  const { pais, nombre } = personOf('');
  const paths = [
    `/records?pais=${encodeURIComponent(pais)}`,
    `/records?nombre=${encodeURIComponent(nombre)}`,
    '/countries',
    '/records.ndjson',
  ];
  const answers = await Promise.all(paths.map((path) => repeat(api.url + path, BESIDE_WRITER_MS)));
  const { acknowledged } = await writer.ask({ rate: 0, first: rows });
  console.log(
    `${acknowledged} records arrived, ${RATE} a second, while these were requested one after the other:`,
  );
  const broken: string[] = [];
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
  console.log(`resident: ${peak} MB at its highest`);
  if (walked.peak > WALK_MAX_MB)
    broken.push(`the API took ${walked.peak} MB for the walk; the limit is ${WALK_MAX_MB} MB`);
  if (peak > MAX_MB)
    broken.push(`the API took ${peak} MB while records arrived; the limit is ${MAX_MB.toFixed(0)} MB`);
  return broken;
}

interface Answer {
  /** A status, or the error that came instead of a whole answer. */
  readonly status: string;
  readonly ms: number;
}

/** Requests a URL again and again for so long. */
async function repeat(url: string, forMs: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    const began = performance.now();
    const status = await read(url).catch((error: unknown) => String(error));
    answers.push({ status, ms: performance.now() - began });
  }
  return answers;
}

/** Reads an answer without keeping it. */
async function read(url: string): Promise<string> {
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  for await (const _ of response.body ?? []);
  return String(response.status);
}

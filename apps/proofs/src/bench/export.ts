/**
 * pnpm bench:export [ROWS]: takes all rows as NDJSON and as CSV from a process of the API, alone and beside a reader that
 * takes 1 KB/s, and prints rows per second and how much its resident memory grew. The API is bundled as its image holds it. The baseline is
 * the same rows by `tabledata.list` through Google's client, with nothing done to them. Ends with 1 when memory grew by 50 MB. Linux only.
 */
import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { bundleApi } from './bundled-api.ts';
import { appendPeople } from './people.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(rows) || rows < 1) throw new TypeError('usage: pnpm bench:export [ROWS], from 1');

const ROWS_PER_CALL = 5_000;
const NEWLINE = 10;
const MAX_GROWN_MB = 50;

await using bundle = await bundleApi();
await using stack = await LocalStack.create();
await appendPeople(stack, rows);
Object.assign(process.env, stack.environment);
const { project, region, table } = stack.outputs;
const [, datasetId = '', tableId = ''] = table.split('.');

const report = (name: string, seconds: number, memory = '') =>
  console.log(
    `${name.padEnd(44)}${Math.round(rows / seconds)
      .toLocaleString('en')
      .padStart(9)} rows/s  ${memory}`,
  );

async function list(): Promise<void> {
  const from = new BigQuery({ projectId: project, location: region }).dataset(datasetId).table(tableId);
  const began = performance.now();
  let seen = 0;
  while (seen < rows) {
    const options = { autoPaginate: false, startIndex: String(seen), maxResults: ROWS_PER_CALL };
    const [page] = await from.getRows(options);
    if (page.length === 0) throw new Error(`${seen} rows of ${rows}`);
    seen += page.length;
  }
  report("tabledata.list by Google's client (baseline)", (performance.now() - began) / 1000);
}

async function take(api: ApiProcess, path: string, lines: number): Promise<number> {
  const began = performance.now();
  const response = await fetch(`${api.url}${path}`, { headers: { 'accept-encoding': 'identity' } });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  let seen = 0;
  for await (const bytes of response.body) for (const byte of bytes) if (byte === NEWLINE) seen += 1;
  if (seen !== lines) throw new Error(`${path}: ${seen} lines of ${lines}`);
  return (performance.now() - began) / 1000;
}

/** Takes 1 KB every second until it is told to stop. */
async function sip(api: ApiProcess, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = get(`${api.url}/records.ndjson`, { agent: false }, async (response) => {
      try {
        for (;;) {
          response.read(1024);
          await setTimeout(1_000, undefined, { signal: stop });
        }
      } catch {
        resolve();
      } finally {
        response.destroy();
      }
    });
    request.once('error', (error) => (stop.aborted ? resolve() : reject(error)));
  });
}

console.log(`${rows.toLocaleString('en')} rows`);
await list();
await using api = await ApiProcess.start(stack, 3_600, bundle.environment, bundle.main);
// The snapshot is made, and what every process needs once is there.
await (await fetch(`${api.url}/records?limit=1`)).text();
const before = api.memory().now;
function grown(): string {
  const by = api.memory().peak - before;
  if (by >= MAX_GROWN_MB) process.exitCode = 1;
  return `resident +${by} MB (from ${before} MB)`;
}
report('/records.ndjson', await take(api, '/records.ndjson', rows), grown());
report('/records.csv', await take(api, '/records.csv', rows + 1), grown());
const stop = new AbortController();
const sipping = sip(api, stop.signal);
report('/records.ndjson beside a reader of 1 KB/s', await take(api, '/records.ndjson', rows), grown());
stop.abort();
await sipping;

import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { clientsOf } from '@records/local';
import { ApiProcess } from '../shared/api-process.ts';
import { bundleApi } from '../shared/bundled-api.ts';
import { untilListed } from '../shared/pages.ts';
import { stackOf, tableOf } from '../shared/people.ts';
import { printRow, whole } from '../shared/report.ts';

const ROWS_PER_CALL = 5_000;
const NEWLINE = 10;
const MAX_GROWTH_MB = 50;

/** Exports all rows from the bundled API, alone and beside a slow reader. The baseline is `tabledata.list` alone. */
export async function benchExport(rows: number): Promise<string[]> {
  await using bundle = await bundleApi();
  await using stack = await stackOf(rows);
  const { datasetId, tableId } = tableOf(stack);
  const { bigquery, pubsub } = clientsOf(stack);
  await pubsub.close();
  const broken: string[] = [];

  async function list(): Promise<number> {
    const table = bigquery.dataset(datasetId).table(tableId);
    const began = performance.now();
    let seen = 0;
    while (seen < rows) {
      const options = { autoPaginate: false, startIndex: String(seen), maxResults: ROWS_PER_CALL };
      const [page] = await table.getRows(options);
      if (page.length === 0) throw new Error(`${seen} rows of ${rows}`);
      seen += page.length;
    }
    return (performance.now() - began) / 1000;
  }

  printRow(`${whole(rows)} rows`, ['rows/s', 'resident', 'growth']);
  printRow("tabledata.list by Google's client", [whole(rows / (await list()))]);
  await using api = await ApiProcess.start(stack, 3_600, bundle.environment, bundle.main);
  // Makes the list and whatever else the process needs once.
  await untilListed(api.url, rows);
  const before = api.memory().now;
  const measure = async (name: string, path: string, lines: number): Promise<void> => {
    const seconds = await download(api.url + path, lines);
    const growth = api.memory().peak - before;
    printRow(name, [whole(rows / seconds), `${before} MB`, `+${growth} MB`]);
    if (growth >= MAX_GROWTH_MB)
      broken.push(`${name}: memory grew by ${growth} MB; less than ${MAX_GROWTH_MB} MB is promised`);
  };
  await measure('/records.ndjson', '/records.ndjson', rows);
  await measure('/records.csv', '/records.csv', rows + 1);
  const stop = new AbortController();
  const slow = readSlowly(`${api.url}/records.ndjson`, stop.signal);
  await measure('/records.ndjson beside a 1 KB/s reader', '/records.ndjson', rows);
  stop.abort();
  await slow;
  return broken;
}

/** Answers the seconds that it takes. Throws when the number of lines is wrong. */
async function download(url: string, lines: number): Promise<number> {
  const began = performance.now();
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  let seen = 0;
  for await (const bytes of response.body) for (const byte of bytes) if (byte === NEWLINE) seen += 1;
  if (seen !== lines) throw new Error(`${url}: ${seen} lines of ${lines}`);
  return (performance.now() - began) / 1000;
}

/** Reads 1 KB each second until it is stopped. */
async function readSlowly(url: string, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = get(url, { agent: false }, async (response) => {
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

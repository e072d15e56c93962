/**
 * pnpm bench:memory [ROWS]: walks all rows by `Link`, 1000 at a time, and prints the resident memory of the API, bundled as its image holds
 * it and with the environment that its resource declares, and how long the first page waited for the ordered list. Ends with 1 above
 * 200 MB. Linux only.
 */
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { bundleApi } from './bundled-api.ts';
import { appendPeople } from './people.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(rows) || rows < 1) throw new TypeError('usage: pnpm bench:memory [ROWS], from 1');

const MAX_MB = 200;

await using bundle = await bundleApi();
await using stack = await LocalStack.create();
await appendPeople(stack, rows);
await using api = await ApiProcess.start(stack, 3_600, bundle.environment, bundle.main);
const before = api.memory();
const began = performance.now();
let [seen, requests, firstMs] = [0, 0, 0];
let url: URL | undefined = new URL(`${api.url}/records?limit=1000`);
while (url) {
  const response: Response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  seen += ((await response.json()) as unknown[]).length;
  requests += 1;
  if (requests === 1) firstMs = performance.now() - began;
  const next: string | undefined = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  url = next === undefined ? undefined : new URL(next, url);
}
const after = api.memory();
console.log(
  `${seen} records in ${requests} requests, ${((performance.now() - began) / 1000).toFixed(1)} s, the first in ${(firstMs / 1000).toFixed(1)} s`,
);
console.log(`resident: ${before.now} MB before, ${after.now} MB after, ${after.peak} MB at its highest`);
if (after.peak > MAX_MB) process.exitCode = 1;

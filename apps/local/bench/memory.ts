/** pnpm bench:memory [ROWS]: walks all rows by `Link`, 1000 at a time, and prints the API's resident memory. Linux only. */
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { appendPeople } from './people.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(rows) || rows < 1) throw new TypeError('usage: pnpm bench:memory [ROWS], from 1');

await using stack = await LocalStack.create();
await appendPeople(stack, rows);
await using api = await ApiProcess.start(stack, 3_600);
const before = api.memory();
const began = performance.now();
let [seen, requests] = [0, 0];
let url: URL | undefined = new URL(`${api.url}/records?limit=1000`);
while (url) {
  const response: Response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  seen += ((await response.json()) as unknown[]).length;
  requests += 1;
  const next: string | undefined = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  url = next === undefined ? undefined : new URL(next, url);
}
const after = api.memory();
console.log(`${seen} records in ${requests} requests, ${((performance.now() - began) / 1000).toFixed(1)} s`);
console.log(`resident: ${before.now} MB before, ${after.now} MB after, ${after.peak} MB at its highest`);

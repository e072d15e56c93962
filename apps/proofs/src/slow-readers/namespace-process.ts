/** The proof itself, in a network namespace: `node namespace-process.ts SECONDS`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProcess } from '../shared/api-process.ts';
import { stackOf } from '../shared/people.ts';
import { conclude, printRow } from '../shared/report.ts';
import { percentile } from '../shared/statistics.ts';
import { SlowReader } from './slow-reader.ts';

const PEOPLE = 5_000;
const MTU = 1_500;
/** What the system takes for a client that does not read. Bytes: least, at first, most. */
const RECEIVE_BUFFERS = '4096 8192 8192';
const READERS = [0, 80, 800];
/** Slow clients behind one address. */
const READERS_PER_ADDRESS = 80;
/** Between two slow clients that begin, and between two requests of the one that reads. */
const BEGIN_MS = 10;
const PAUSE_MS = 25;
/** How many times longer the others may take. */
const MAX_RATIO = 2;
const EXPORTS_PER_ADDRESS = 4;

const seconds = Number(process.argv[2]);
execFileSync('ip', ['link', 'set', 'lo', 'mtu', String(MTU), 'up']);
writeFileSync('/proc/sys/net/ipv4/tcp_rmem', RECEIVE_BUFFERS);

await using stack = await stackOf(PEOPLE);
await using api = await ApiProcess.start(stack, 3_600);
const { hostname: host, port } = new URL(api.url);
const broken: string[] = [];

// Fills the caches, so that rest and company are measured alike.
await measure(Math.min(5, seconds));
console.log(
  `pages of 100 records for a client beside slow readers of pages of 1,000, MTU ${MTU}, ${seconds} s each\n`,
);
printRow('slow readers', ['p50 ms', 'p99 ms', 'ratio', 'requests', 'not 200']);
let atRest = Number.NaN;
for (const count of READERS) {
  const readers: SlowReader[] = [];
  const slowStatuses = new Map<string, number>();
  for (let n = 0; n < count; n++) {
    let offset = n;
    readers.push(
      new SlowReader({
        ...{ host, port, trickles: n % 2 === 0 },
        localAddress: `127.0.1.${1 + Math.floor(n / READERS_PER_ADDRESS)}`,
        target: () => `/records?limit=1000&offset=${offset++ % (PEOPLE - 1_000)}`,
        onStatus: (status) => slowStatuses.set(status, (slowStatuses.get(status) ?? 0) + 1),
      }),
    );
    await delay(BEGIN_MS);
  }
  const { times, refused } = await measure(seconds);
  for (const reader of readers) reader.stop();
  const p99 = percentile(times, 0.99);
  if (count === 0) atRest = p99;
  const ratio = p99 / atRest;
  printRow(String(count), [
    ...[percentile(times, 0.5).toFixed(1), p99.toFixed(1), ratio.toFixed(2)],
    ...[String(times.length), String(refused)],
  ]);
  if (refused > 0) broken.push(`${refused} requests were not answered with 200 beside ${count} slow readers`);
  if (ratio > MAX_RATIO) broken.push(`p99 is ${ratio.toFixed(2)} times as long beside ${count} slow readers`);
  const slowRefused = slowStatuses.get('503') ?? 0;
  if (slowRefused > 0) broken.push(`${slowRefused} slow readers were refused themselves`);
}

const exporters = ['127.0.1.1', '127.0.1.2'].flatMap((localAddress) =>
  Array.from(
    { length: EXPORTS_PER_ADDRESS },
    () =>
      new SlowReader({
        ...{ host, port, localAddress, trickles: true },
        target: () => '/records.ndjson',
        onStatus: () => {},
      }),
  ),
);
await delay(1_000);
const { status, body } = await ask('/records.ndjson');
for (const reader of exporters) reader.stop();
const lines = body.toString().split('\n').length - 1;
console.log(
  `\nan export beside ${exporters.length} slow ones of two addresses: ${status}, ${lines} of ${PEOPLE} records`,
);
if (status !== 200 || lines !== PEOPLE)
  broken.push('slow exports of two addresses kept a third from exporting');
conclude(broken);

/** One client that reads what it asks for. */
async function measure(duration: number): Promise<{ readonly times: number[]; readonly refused: number }> {
  const times: number[] = [];
  let refused = 0;
  const end = performance.now() + duration * 1_000;
  while (performance.now() < end) {
    const began = performance.now();
    const { status } = await ask(`/records?limit=100&offset=${times.length % (PEOPLE - 100)}`);
    times.push(performance.now() - began);
    if (status !== 200) refused++;
    await delay(PAUSE_MS);
  }
  return { times, refused };
}

function ask(target: string): Promise<{ readonly status: number | undefined; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    get(`${api.url}${target}`, (response) => {
      buffer(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    }).once('error', reject);
  });
}

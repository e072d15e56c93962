/**
 * pnpm bench:stop [STOPS]: SIGTERM to a process of the API under load, so many times, each time a new process; then three
 * times as many connections as it takes requests at one time. Prints broken requests, the time to exit, and what is still
 * answered under overload, beside the peak.
 */
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { keepAsking } from './keep-asking.ts';
import { percentile, sendLoad } from './load.ts';
import { appendPeople } from './people.ts';

const stops = Number(process.argv[2] ?? 100);
if (!Number.isInteger(stops) || stops < 1) throw new TypeError('usage: pnpm bench:stop [STOPS], from 1');
const CLIENTS = 16;
const ANSWERS_BEFORE_STOP = 200;
const MAX_IN_FLIGHT = 80;

await using stack = await LocalStack.create();
await appendPeople(stack, 10_000);

const broken: string[] = [];
const exits: number[] = [];
let answered = 0;
for (let stop = 0; stop < stops; stop++) {
  const api = await ApiProcess.start(stack, 3_600);
  let [seen, began] = [0, 0];
  const onAnswer = () => {
    seen++;
    if (seen !== ANSWERS_BEFORE_STOP) return;
    began = performance.now();
    api.kill('SIGTERM');
  };
  const path = '/records?limit=100';
  const clients = Array.from({ length: CLIENTS }, () => keepAsking(api.url + path, onAnswer));
  for (const asked of await Promise.all(clients)) {
    answered += asked.answered;
    broken.push(...asked.broken);
  }
  await api[Symbol.asyncDispose]();
  exits.push(performance.now() - began);
}
console.log(`${stops} SIGTERMs under load: ${answered} requests answered, ${broken.length} broken`);
for (const reason of new Set(broken)) console.log(`  ${reason}`);
console.log(
  `from SIGTERM to exit: ${percentile(exits, 0.5).toFixed(0)} ms in the median, ${percentile(exits, 1).toFixed(0)} ms at most`,
);

await using api = await ApiProcess.start(stack, 3_600, { MAX_REQUESTS_IN_FLIGHT: String(MAX_IN_FLIGHT) });
const url = `${api.url}/records?limit=100`;
await sendLoad({ url, connections: MAX_IN_FLIGHT, seconds: 2 });
const peak = await sendLoad({ url, connections: MAX_IN_FLIGHT, seconds: 5 });
const over = await sendLoad({ url, connections: 3 * MAX_IN_FLIGHT, seconds: 5 });
console.log(
  `\n${MAX_IN_FLIGHT} requests at one time   answered 200/s   share of the peak   p99 ms   statuses`,
);
for (const [name, result] of [
  ['as many connections', peak],
  ['three times as many', over],
] as const) {
  const share = result.goodPerSecond / peak.goodPerSecond;
  console.log(
    `${name.padEnd(24)} ${result.goodPerSecond.toFixed(0).padStart(16)} ${share.toFixed(2).padStart(19)} ${String(result.p99).padStart(8)}   ${JSON.stringify(result.statuses)}`,
  );
}
console.log(`refusals without Retry-After: ${over.refusalsWithoutRetryAfter}; broken: ${over.broken}`);
if (broken.length > 0 || over.broken > 0 || over.refusalsWithoutRetryAfter > 0) process.exitCode = 1;

/**
 * pnpm bench:stop [STOPS]: SIGTERM to a process of the API under load, so many times, each time a new process; then three
 * times as many requests a second as it answers at its peak, in turn with that peak, by an API that has a processor to itself,
 * as on Cloud Run. Prints broken requests, the time to
 * exit, and what is still answered in time under overload, beside the peak. Exits 1 when a request broke, something was
 * refused otherwise than by a 429 or 503 that says when to come back, less than 90 % of the peak was answered in the median
 * round, or the overload was none.
 */
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { keepAsking } from './keep-asking.ts';
import { median, type PacedResult, percentile, sendPaced } from './load.ts';
import { appendPeople, personOf } from './people.ts';
import { separate } from './processors.ts';

const stops = Number(process.argv[2] ?? 100);
if (!Number.isInteger(stops) || stops < 1) throw new TypeError('usage: pnpm bench:stop [STOPS], from 1');
const PEOPLE = 50_000;
const CLIENTS = 16;
const ANSWERS_BEFORE_STOP = 200;
/** So few that none of them waits long. */
const MAX_IN_FLIGHT = 16;
const OVERLOAD = 3;
/** Enough to send at that rate while those that are let in wait for their answers. */
const OVERLOAD_CONNECTIONS = 6 * MAX_IN_FLIGHT;
/** Peak and overload by turns, so that another program on this machine meets both. */
const ROUNDS = 11;
const SECONDS = 2;
/** Of the peak, that must still be answered. */
const MIN_GOODPUT = 0.9;
/** Of the rate, that must have been sent for an overload. */
const MIN_OFFERED = 0.9;
/** What answers may be under overload. */
const EXPECTED: ReadonlySet<string> = new Set(['200', '429', '503']);

await using stack = await LocalStack.create();
await appendPeople(stack, PEOPLE);

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
const place = separate(api.pid)
  ? 'one processor, the load on the others'
  : 'the processors that the load uses as well';
/**
 * The dearest pages there are: filtered, as CSV, compressed. A refusal costs the same whatever was asked for, and two come with
 * each answer here: where one costs more than a twentieth of an answer, as of a hot page, no refusing can help. None is asked
 * for twice while it is remembered, and none in two loads, which differ in `limit`.
 */
const COUNTRY = encodeURIComponent(personOf('').pais);
let limit = 1_000;
const dearPages = () => ({
  url: `${api.url}/records?pais=${COUNTRY}&limit=${limit--}`,
  offsets: PEOPLE - 1_000,
  headers: { accept: 'text/csv', 'accept-encoding': 'br' },
  seconds: SECONDS,
});
await sendPaced({ ...dearPages(), connections: MAX_IN_FLIGHT });
console.log(`\nthe API on ${place}`);
console.log(
  `${MAX_IN_FLIGHT} requests at one time     requests/s   answered 200/s   share of the peak   p99 ms   statuses`,
);
const print = (name: string, result: PacedResult, share: number) =>
  console.log(
    `${name.padEnd(25)} ${result.sentPerSecond.toFixed(0).padStart(12)} ${result.goodPerSecond.toFixed(0).padStart(16)} ${share.toFixed(2).padStart(19)} ${String(result.p99).padStart(8)}   ${JSON.stringify(result.statuses)}`,
  );
const shares: number[] = [];
const offered: number[] = [];
let withoutRetryAfter = 0;
const refusedOtherwise = new Set<string>();
for (let round = 0; round < ROUNDS; round++) {
  const peak = await sendPaced({ ...dearPages(), connections: MAX_IN_FLIGHT });
  const rate = OVERLOAD * peak.goodPerSecond;
  const over = await sendPaced({ ...dearPages(), connections: OVERLOAD_CONNECTIONS, rate });
  print(`${MAX_IN_FLIGHT} connections`, peak, 1);
  const share = over.goodPerSecond / peak.goodPerSecond;
  print(`${OVERLOAD} times the requests/s`, over, share);
  shares.push(share);
  offered.push(over.sentPerSecond / rate);
  for (const { broken: count, refusalsWithoutRetryAfter, statuses } of [peak, over]) {
    withoutRetryAfter += refusalsWithoutRetryAfter;
    broken.push(...Array(count).fill('under overload'));
    for (const status of Object.keys(statuses)) if (!EXPECTED.has(status)) refusedOtherwise.add(status);
  }
}
const goodput = median(shares);
console.log(
  `answered of the peak, in the median: ${(goodput * 100).toFixed(0)} %; refusals without Retry-After: ${withoutRetryAfter}; broken: ${broken.length}`,
);
const failures = [
  broken.length > 0 && 'a request broke',
  withoutRetryAfter > 0 && 'a refusal does not say when to come back',
  refusedOtherwise.size > 0 && `some were answered ${[...refusedOtherwise].join(', ')}`,
  goodput < MIN_GOODPUT && `less than ${MIN_GOODPUT * 100} % of the peak was answered`,
  median(offered) < MIN_OFFERED && `${(median(offered) * OVERLOAD).toFixed(1)} times the peak is no overload`,
].filter((failure) => failure !== false);
for (const failure of failures) console.error(`failed: ${failure}`);
if (failures.length > 0) process.exitCode = 1;

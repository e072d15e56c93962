import { ApiProcess } from '../shared/api-process.ts';
import { type LoadResult, sendLoad } from '../shared/load.ts';
import { personOf, stackOf } from '../shared/people.ts';
import { separate } from '../shared/processors.ts';
import { percent, printRow } from '../shared/report.ts';
import { median, percentile } from '../shared/statistics.ts';
import { stopApiUnderLoad } from '../shared/stop-under-load.ts';

const PEOPLE = 50_000;
/** Few, so that no request waits long. */
const MAX_IN_FLIGHT = 16;
const OVERLOAD = 3;
/** Enough to keep the rate while admitted requests wait for their answers. */
const OVERLOAD_CONNECTIONS = 6 * MAX_IN_FLIGHT;
/** Peak and overload alternate, so that another program on this machine disturbs both. */
const ROUNDS = 11;
const SECONDS = 2;
/** The share of the peak that must still be answered. */
const MIN_GOODPUT = 0.9;
/** The share of the rate that must have been sent to count as an overload. */
const MIN_OFFERED = 0.9;
/** The statuses allowed under overload. */
const EXPECTED: ReadonlySet<string> = new Set(['200', '429', '503']);

/** Stops API processes under load, then sends three times the requests that one API can answer. */
export async function benchStop(stops: number): Promise<string[]> {
  await using stack = await stackOf(PEOPLE);
  const brokenRequests: string[] = [];
  const exits: number[] = [];
  let answered = 0;
  for (let stop = 0; stop < stops; stop++) {
    await using api = await ApiProcess.start(stack, 3_600);
    const { answered: count, broken, ms } = await stopApiUnderLoad(api);
    answered += count;
    brokenRequests.push(...broken);
    exits.push(ms);
  }
  console.log(`${stops} SIGTERMs under load: ${answered} requests answered, ${brokenRequests.length} broken`);
  for (const reason of new Set(brokenRequests)) console.log(`  ${reason}`);
  console.log(
    `from SIGTERM to exit: ${percentile(exits, 0.5).toFixed(0)} ms in the median, ${percentile(exits, 1).toFixed(0)} ms at most`,
  );
  await using api = await ApiProcess.start(stack, 3_600, {
    // One caller, such as the load, gets three quarters of the places.
    MAX_REQUESTS_IN_FLIGHT: String(2 * MAX_IN_FLIGHT),
  });
  const broken = await overload(api);
  return brokenRequests.length > 0 ? ['a stop broke a request', ...broken] : broken;
}

async function overload(api: ApiProcess): Promise<string[]> {
  const place = separate(api.pid)
    ? 'one processor and the load on others'
    : 'the same processors as the load';
  /**
   * The most expensive pages: filtered, as CSV, compressed. Each answer here comes with two refusals, which cost the same for
   * any page; where a refusal costs more than a twentieth of an answer, refusing cannot help. No page is requested twice while
   * it is cached: each load has its own `limit`.
   */
  const country = encodeURIComponent(personOf('').pais);
  let limit = 1_000;
  const expensivePages = () => ({
    url: `${api.url}/records?pais=${country}&limit=${limit--}`,
    offsets: PEOPLE - 1_000,
    headers: { accept: 'text/csv', 'accept-encoding': 'br' },
    seconds: SECONDS,
  });
  await sendLoad({ ...expensivePages(), connections: MAX_IN_FLIGHT });
  console.log(`\nThe API runs on ${place} and serves ${MAX_IN_FLIGHT} requests at a time`);
  printRow('', ['requests/s', 'status 200/s', 'of the peak', 'p99 ms', 'statuses']);
  const print = (name: string, { sentPerSecond, goodPerSecond, p99, statuses }: LoadResult, share: number) =>
    printRow(name, [
      ...[sentPerSecond.toFixed(0), goodPerSecond.toFixed(0), share.toFixed(2), p99.toFixed(0)],
      `  ${JSON.stringify(statuses)}`,
    ]);
  const shares: number[] = [];
  const offered: number[] = [];
  let [broken, withoutRetryAfter] = [0, 0];
  const unexpected = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const peak = await sendLoad({ ...expensivePages(), connections: MAX_IN_FLIGHT });
    const rate = OVERLOAD * peak.goodPerSecond;
    const over = await sendLoad({ ...expensivePages(), connections: OVERLOAD_CONNECTIONS, rate });
    const share = over.goodPerSecond / peak.goodPerSecond;
    print(`peak, ${MAX_IN_FLIGHT} connections`, peak, 1);
    print(`overload, ${OVERLOAD} times the peak`, over, share);
    shares.push(share);
    offered.push(over.sentPerSecond / rate);
    for (const result of [peak, over]) {
      withoutRetryAfter += result.refusalsWithoutRetryAfter;
      broken += result.broken;
      for (const status of Object.keys(result.statuses)) if (!EXPECTED.has(status)) unexpected.add(status);
    }
  }
  const goodput = median(shares);
  console.log(`answered under overload, in the median: ${percent(goodput)} of the peak`);
  return [
    broken > 0 && `${broken} requests broke under overload`,
    withoutRetryAfter > 0 && `${withoutRetryAfter} refusals have no Retry-After`,
    unexpected.size > 0 && `some answers have the status ${[...unexpected].join(', ')}`,
    goodput < MIN_GOODPUT && `less than ${percent(MIN_GOODPUT)} of the peak was answered`,
    median(offered) < MIN_OFFERED &&
      `only ${(median(offered) * OVERLOAD).toFixed(1)} times the peak was sent`,
  ].filter((failure) => failure !== false);
}

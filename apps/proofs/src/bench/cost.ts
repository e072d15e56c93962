import { setTimeout } from 'node:timers/promises';
import { clientsOf, type LocalStack } from '@records/local';
import { ApiProcess } from '../shared/api-process.ts';
import { appendPeople, idOf, stackOf } from '../shared/people.ts';
import { DOLLARS_PER_TIB, printBills } from './bill.ts';

const FRESHNESS_SECONDS = 60;
const SECONDS_PER_MONTH = 30 * 86_400;
/** One request in ten is for a single record. */
const LOOKUP_SHARE = 0.1;
const CONDITIONAL_REQUESTS = 100;
/** Few: an API whose event loop is late, as on a busy machine, refuses a caller with many. */
const MAX_IN_FLIGHT = 16;
const EXPECTED: ReadonlySet<number> = new Set([200, 304, 404]);

export interface CostOptions {
  readonly rows: number;
  readonly requests: number;
  readonly seconds: number;
}

/**
 * Bytes billed for mixed requests, by one API process and by four on one table, while a row arrives each second. The
 * baseline is a query per request: one is run, and its bill is multiplied.
 */
export async function benchCost(options: CostOptions): Promise<string[]> {
  const { rows, requests, seconds } = options;
  await using stack = await stackOf(rows);
  const usage = () => stack.cloud.bigquery.usage();
  const dollars = (bytes: number) =>
    `$${(((bytes / 2 ** 40) * DOLLARS_PER_TIB * SECONDS_PER_MONTH) / seconds).toFixed(0)}`;
  const scan = await billedForScan(stack);
  console.log(`${rows} rows; one scan of the table bills ${mib(scan)}`);
  console.log(
    `a query per request: ${requests} scans, ${mib(scan * requests)}, ${dollars(scan * requests)} a month at this rate`,
  );
  const broken: string[] = [];
  for (const processes of [1, 4]) {
    await using apis = new AsyncDisposableStack();
    const start = async () => apis.use(await ApiProcess.start(stack, FRESHNESS_SECONDS));
    const started = await Promise.all(Array.from({ length: processes }, start));
    const urls = started.map(({ url }) => url);
    const before = usage();
    const firstWindow = windowNow();
    const statuses = await whileRowsArrive(stack, `new-${processes}`, () => sendMixed(urls, options));
    const after = usage();
    const lookups = (after.calls['jobs.query'] ?? 0) - (before.calls['jobs.query'] ?? 0);
    const billed = after.bytesBilled - before.bytesBilled;
    const scans = Math.round(billed / scan) - lookups;
    const windows = windowNow() - firstWindow + 1;
    const answers = [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
    const name = `${processes} process${processes === 1 ? '' : 'es'}`;
    console.log(
      `${name}: ${mib(billed)}, ${dollars(billed)} a month; ${scans} scans for lists in ${windows} windows, ` +
        `${lookups} queries for ${requests * LOOKUP_SHARE} look-ups; answers: ${answers}`,
    );
    const { notModified, calls } = await sendConditional(stack, `${urls[0]}/records`);
    console.log(`  then ${notModified} answers 304: ${calls} calls to BigQuery`);
    if (scans > windows) broken.push(`${name}: ${scans} scans of the table in ${windows} windows`);
    for (const [status, count] of statuses)
      if (!EXPECTED.has(status))
        broken.push(`${name}: ${count} of ${requests} answers have status ${status}`);
    if (notModified < CONDITIONAL_REQUESTS)
      broken.push(`${name}: ${notModified} of ${CONDITIONAL_REQUESTS} conditional requests got 304`);
    if (calls > 0) broken.push(`${name}: answers 304 cost ${calls} calls to BigQuery`);
  }
  return [...broken, ...printBills()];
}

async function billedForScan(stack: LocalStack): Promise<number> {
  const { bigquery, pubsub } = clientsOf(stack);
  await pubsub.close();
  const before = stack.cloud.bigquery.usage().bytesBilled;
  const query = `SELECT id, nombre, apellido, pais FROM \`${stack.outputs.table}\` ORDER BY id LIMIT 100`;
  await bigquery.query({ query, location: stack.outputs.region, useQueryCache: false });
  return stack.cloud.bigquery.usage().bytesBilled - before;
}

async function whileRowsArrive<T>(stack: LocalStack, prefix: string, act: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const arriving = (async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      await appendPeople(stack, [`${prefix}-${n}`]);
      await setTimeout(1_000);
    }
  })();
  try {
    return await act();
  } finally {
    over.abort();
    await arriving;
  }
}

/** Requests first pages, other pages and single records, some conditionally. Answers counts by status. */
async function sendMixed(
  urls: readonly string[],
  { rows, requests, seconds }: CostOptions,
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const etags = new Map<string, string>();
  const pending = new Set<Promise<void>>();
  const pathOf = (n: number): string => {
    if (n % 10 < 5) return '/records';
    if (n % 10 < 9) return `/records?offset=${(n * 7_919) % rows}`;
    return `/records/${n % 100 === 99 ? `nobody-${n}` : idOf((n * 31) % rows)}`;
  };
  const began = performance.now();
  for (let n = 0; n < requests; n++) {
    const path = pathOf(n);
    const etag = n % 2 === 0 ? etags.get(path) : undefined;
    const answered = get(urls[n % urls.length] + path, etag).then((response) => {
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      etags.set(path, response.headers.get('etag') ?? '');
    });
    const done: Promise<void> = answered.finally(() => pending.delete(done));
    pending.add(done);
    if (pending.size >= MAX_IN_FLIGHT) await Promise.race(pending);
    await setTimeout(Math.max(0, began + ((n + 1) * seconds * 1000) / requests - performance.now()));
  }
  await Promise.all(pending);
  return statuses;
}

/** Repeats conditional requests until all fall into one window: the first request of each window costs a call. */
async function sendConditional(
  stack: LocalStack,
  url: string,
): Promise<{ readonly notModified: number; readonly calls: number }> {
  const calls = () =>
    Object.values(stack.cloud.bigquery.usage().calls).reduce((sum, count) => sum + count, 0);
  for (;;) {
    const window = windowNow();
    const first = await get(url);
    const isOfThisWindow =
      Number(first.headers.get('age')) * 1_000 <= Date.now() % (FRESHNESS_SECONDS * 1_000);
    const before = calls();
    let notModified = 0;
    for (let n = 0; n < CONDITIONAL_REQUESTS; n++)
      if ((await get(url, first.headers.get('etag') ?? '')).status === 304) notModified++;
    if (isOfThisWindow && windowNow() === window) return { notModified, calls: calls() - before };
    await setTimeout(100);
  }
}

async function get(url: string, etag?: string): Promise<Response> {
  const response = await fetch(url, { headers: etag === undefined ? {} : { 'if-none-match': etag } });
  await response.arrayBuffer();
  return response;
}

function windowNow(): number {
  return Math.floor(Date.now() / (FRESHNESS_SECONDS * 1_000));
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/**
 * pnpm bench:cost [ROWS] [REQUESTS] [SECONDS]: bytes billed for mixed requests, by one API process and by four on one table,
 * while a row arrives each second. A tenth of the requests is for single records, of which a tenth does not exist. The baseline is a query per request: one of each kind is run, and multiplied.
 * Exit code 1 when the table was scanned more than once per window, a request was not answered, or a 304 cost a call.
 */
import { setTimeout } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { LocalStack } from '../src/local-stack.ts';
import { ApiProcess } from './api-process.ts';
import { appendPeople, idOf, personOf } from './people.ts';

const USAGE = 'usage: pnpm bench:cost [ROWS] [REQUESTS] [SECONDS], all from 1';
const argument = (index: number, fallback: number): number => {
  const value = Number(process.argv[index] ?? fallback);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(USAGE);
  return value;
};
const [rows, requests, seconds] = [argument(2, 1_000_000), argument(3, 10_000), argument(4, 60)];

const FRESHNESS_SECONDS = 60;
/** https://cloud.google.com/bigquery/pricing: dollars per TiB, on demand. */
const DOLLARS_PER_TIB = 6.25;
const SECONDS_PER_MONTH = 30 * 86_400;
/** Of ten requests, one is for a record. */
const LOOKUP_SHARE = 0.1;
const CONDITIONAL = 100;
const ANSWERED: ReadonlySet<number> = new Set([200, 304, 404]);
const failures: string[] = [];

await using stack = await LocalStack.create();
await appendPeople(stack, rows);
Object.assign(process.env, stack.environment);
const { project, region, table } = stack.outputs;
const [projectId = '', datasetId = '', tableId = ''] = table.split('.');
const usage = () => stack.cloud.bigquery.usage();
const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
const dollars = (bytes: number) => ((bytes / 2 ** 40) * DOLLARS_PER_TIB * SECONDS_PER_MONTH) / seconds;

async function billedFor(query: string): Promise<number> {
  const before = usage().bytesBilled;
  await new BigQuery({ projectId: project, location: region }).query({ query, useQueryCache: false });
  return usage().bytesBilled - before;
}

const get = async (url: string, headers: Record<string, string> = {}): Promise<Response> => {
  const response = await fetch(url, { headers });
  await response.arrayBuffer();
  return response;
};

/** First pages, pages from anywhere, conditional requests and look-ups. Counts the answers by their status. */
async function load(apis: readonly ApiProcess[]): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const etags = new Map<string, string>();
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  for (let n = 0; n < requests; n++) {
    const url = apis[n % apis.length]?.url ?? '';
    const path =
      n % 10 < 5
        ? '/records'
        : n % 10 < 9
          ? `/records?offset=${(n * 7_919) % rows}`
          : `/records/${n % 100 === 99 ? `nobody-${n}` : idOf((n * 31) % rows)}`;
    const headers: Record<string, string> =
      n % 2 === 0 && etags.has(path) ? { 'if-none-match': etags.get(path) ?? '' } : {};
    const asked = get(url + path, headers).then((response) => {
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      etags.set(path, response.headers.get('etag') ?? '');
    });
    const done: Promise<void> = asked.finally(() => pending.delete(done));
    pending.add(done);
    if (pending.size >= 64) await Promise.race(pending);
    await setTimeout(Math.max(0, began + ((n + 1) * seconds * 1000) / requests - performance.now()));
  }
  await Promise.all(pending);
  return statuses;
}

/** Conditional requests for what is there, within one window: the next one begins with a call, whoever asks. */
async function askAgain(url: string): Promise<{ notModified: number; callsMade: number }> {
  const calls = () => Object.values(usage().calls).reduce((sum, count) => sum + count, 0);
  for (;;) {
    const window = windowNow();
    const first = await get(url);
    const isOfThisWindow =
      Number(first.headers.get('age')) * 1_000 <= Date.now() % (FRESHNESS_SECONDS * 1_000);
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    const before = calls();
    let notModified = 0;
    for (let n = 0; n < CONDITIONAL; n++) if ((await get(url, headers)).status === 304) notModified++;
    if (isOfThisWindow && windowNow() === window) return { notModified, callsMade: calls() - before };
    await setTimeout(100);
  }
}

const windowNow = () => Math.floor(Date.now() / (FRESHNESS_SECONDS * 1_000));

const scan = await billedFor(`SELECT id, nombre, apellido, pais FROM \`${table}\` ORDER BY id LIMIT 100`);
console.log(`${rows} rows; one scan of the table bills ${mib(scan)} MiB`);
console.log(
  `a query per request: ${requests} scans, ${mib(scan * requests)} MiB, $${dollars(scan * requests).toFixed(0)} a month at this rate`,
);

for (const processes of [1, 4]) {
  await using apis = new AsyncDisposableStack();
  const started = await Promise.all(
    Array.from({ length: processes }, async () => apis.use(await ApiProcess.start(stack, FRESHNESS_SECONDS))),
  );
  const before = usage();
  const startWindow = windowNow();
  const over = new AbortController();
  const arriving = (async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      await stack.cloud.bigquery.appendRows({ projectId, datasetId, tableId }, [
        personOf(`new-${processes}-${n}`),
      ]);
      await setTimeout(1_000);
    }
  })();
  const statuses = await load(started);
  over.abort();
  await arriving;
  const after = usage();
  const calls = (method: string) => (after.calls[method] ?? 0) - (before.calls[method] ?? 0);
  const billed = after.bytesBilled - before.bytesBilled;
  const lookups = calls('jobs.query');
  const scans = Math.round(billed / scan) - lookups;
  const windows = windowNow() - startWindow + 1;
  console.log(
    `${processes} process${processes === 1 ? '' : 'es'}: ${mib(billed)} MiB, $${dollars(billed).toFixed(0)} a month; ` +
      `${scans} scans for lists in ${windows} windows, ${lookups} queries for what the list has not, of ${requests * LOOKUP_SHARE} look-ups; ` +
      `answers: ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(', ')}`,
  );
  const { notModified, callsMade } = await askAgain(`${started[0]?.url}/records`);
  console.log(`  ${notModified} answers 304 more: ${callsMade} calls to BigQuery`);
  if (scans > windows)
    failures.push(`${processes} processes scanned the table ${scans} times in ${windows} windows`);
  for (const [status, count] of statuses)
    if (!ANSWERED.has(status)) failures.push(`${count} of ${requests} requests were answered ${status}`);
  if (notModified < CONDITIONAL || callsMade > 0) failures.push('a 304 cost a call, or was none');
}

for (const failure of failures) console.error(`failed: ${failure}`);
if (failures.length > 0) process.exitCode = 1;

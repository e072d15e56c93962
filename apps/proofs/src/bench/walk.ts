/**
 * pnpm bench:walk [RECORDS] [ARRIVALS]: walks all records by `Link` at limits 7, 100 and 1000 while others with random ids
 * are published, and the same by `OFFSET` with a query per page. Each walk goes as slowly as they arrive: an equal part of
 * them before each page, and the last page only when all of them are in the table. Prints what was missed and what came
 * twice of the records that were there at the start; exits 1 when that is any by `Link`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';
import { LocalStack } from '../src/local-stack.ts';

const [count, arrivals] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 10_000)];
if (![count, arrivals].every((number) => Number.isInteger(number) && number >= 1)) {
  throw new TypeError('usage: pnpm bench:walk [RECORDS] [ARRIVALS], both from 1');
}

const APPEND_ROWS = 10_000;
const PUBLISH_AT_ONCE = 200;
/** Between two looks at how many rows there are, and the longest time to look. Milliseconds. */
const LOOK_MS = 50;
const ARRIVE_MS = 60_000;

const recordOf = (id: string) => ({ id, nombre: 'María José', apellido: 'Núñez Cárdenas', pais: 'México' });
const idsOf = (records: unknown) => (records as readonly { id: string }[]).map(({ id }) => id);

await using stack = await LocalStack.create();
Object.assign(process.env, stack.environment);
const { apiUrl, table, topic, project, region } = stack.outputs;
const [projectId = '', datasetId = '', tableId = ''] = table.split('.');
const pubsub = new PubSub({ projectId: project });
// Who calls waits for each message: nothing is gained by waiting for more to send with it.
const publisher = pubsub.topic(topic, { batching: { maxMilliseconds: 0 } });
const bigquery = new BigQuery({ projectId: project, location: region });

const initial = Array.from({ length: count }, () => randomUUID());
for (let start = 0; start < count; start += APPEND_ROWS) {
  const rows = initial.slice(start, start + APPEND_ROWS).map(recordOf);
  await stack.cloud.bigquery.appendRows({ projectId, datasetId, tableId }, rows);
}

/** By `Link: rel="next"`. */
async function* walkByLink(limit: number): AsyncGenerator<string[]> {
  let url: URL | undefined = new URL(`${apiUrl}/records?limit=${limit}`);
  while (url) {
    const response: Response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    yield idsOf(await response.json());
    const next: string | undefined = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    url = next === undefined ? undefined : new URL(next, url);
  }
}

/** What this API would do without snapshots. */
async function* walkByOffset(limit: number): AsyncGenerator<string[]> {
  const query = `SELECT id FROM \`${table}\` ORDER BY id LIMIT @limit OFFSET @offset`;
  for (let offset = 0; ; offset += limit) {
    const [rows] = await bigquery.query({ query, params: { limit, offset } });
    if (rows.length === 0) return;
    yield idsOf(rows);
  }
}

/** Resolves when the topic has taken so many more. */
async function publish(records: number): Promise<void> {
  for (let left = records; left > 0; left -= PUBLISH_AT_ONCE) {
    const ids = Array.from({ length: Math.min(PUBLISH_AT_ONCE, left) }, () => randomUUID());
    const send = (id: string) => publisher.publishMessage({ data: Buffer.from(encodeRecord(recordOf(id))) });
    await Promise.all(ids.map(send));
  }
}

async function rowsInTable(): Promise<number> {
  const [metadata] = await bigquery.dataset(datasetId).table(tableId).getMetadata();
  return Number(metadata.numRows);
}

/** Resolves when the table has so many rows. */
async function arrived(rows: number): Promise<void> {
  const end = performance.now() + ARRIVE_MS;
  for (let seen = 0; seen < rows; seen = await rowsInTable()) {
    if (performance.now() > end) throw new Error(`${seen} rows of ${rows} arrived in ${ARRIVE_MS} ms`);
    await setTimeout(LOOK_MS);
  }
}

/** Whether every record that was there at the start came once; `expected` is how many pages the walk should have. */
async function measure(name: string, pages: AsyncGenerator<string[]>, expected: number): Promise<boolean> {
  const usage = stack.cloud.bigquery.usage();
  const rows = await rowsInTable();
  const due = (page: number) => Math.floor((arrivals * Math.min(page, expected)) / expected);
  const seen = new Map<string, number>();
  const began = performance.now();
  let requests = 0;
  for (;;) {
    await publish(due(requests + 1) - due(requests));
    if (requests + 1 === expected) await arrived(rows + arrivals);
    const { value: ids, done } = await pages.next();
    if (done) break;
    requests += 1;
    for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  const seconds = (performance.now() - began) / 1000;
  const missed = initial.filter((id) => !seen.has(id)).length;
  const repeated = initial.filter((id) => (seen.get(id) ?? 0) > 1).length;
  const mib = (stack.cloud.bigquery.usage().bytesBilled - usage.bytesBilled) / 2 ** 20;
  const meanwhile = (await rowsInTable()) - rows;
  console.log(
    `${name}: ${missed} missed, ${repeated} repeated; ${requests} requests in ${seconds.toFixed(1)} s, ${mib} MiB billed, ${meanwhile} records arrived meanwhile`,
  );
  return missed === 0 && repeated === 0;
}

let complete = true;
let rows = count;
for (const limit of [1000, 100, 7]) {
  // A list of the moment of the first page, …
  if (!(await measure(`by Link, limit ${limit}`, walkByLink(limit), Math.ceil(rows / limit))))
    complete = false;
  rows += arrivals;
}
// … and a table that grows under the walk.
await measure('by OFFSET, limit 1000', walkByOffset(1000), Math.ceil((rows + arrivals) / 1000));
await pubsub.close();
if (!complete) process.exitCode = 1;

/**
 * pnpm bench:walk [RECORDS] [ARRIVALS]: walks all records by `Link` at limits 7, 100 and 1000 while others with random ids
 * are published, and the same by `OFFSET` with a query per page. Prints what was missed and what came twice of the
 * records that were there at the start.
 */
import { randomUUID } from 'node:crypto';
import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';
import { LocalStack } from '../src/local-stack.ts';

const [count, arrivals] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 10_000)];
if (!count || !arrivals) throw new TypeError('usage: pnpm bench:walk [RECORDS] [ARRIVALS], both from 1');

const APPEND_ROWS = 10_000;
const PUBLISH_AT_ONCE = 200;

const recordOf = (id: string) => ({ id, nombre: 'María José', apellido: 'Núñez Cárdenas', pais: 'México' });
const idsOf = (records: unknown) => (records as readonly { id: string }[]).map(({ id }) => id);

await using stack = await LocalStack.create();
Object.assign(process.env, stack.environment);
const { apiUrl, table, topic, project, region } = stack.outputs;
const [projectId = '', datasetId = '', tableId = ''] = table.split('.');
const pubsub = new PubSub({ projectId: project });
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

/** Publishes until told to stop, `arrivals` records at most. */
async function publish(stop: AbortSignal): Promise<number> {
  let published = 0;
  while (published < arrivals && !stop.aborted) {
    const ids = Array.from({ length: Math.min(PUBLISH_AT_ONCE, arrivals - published) }, () => randomUUID());
    const send = (id: string) =>
      pubsub.topic(topic).publishMessage({ data: Buffer.from(encodeRecord(recordOf(id))) });
    await Promise.all(ids.map(send));
    published += ids.length;
  }
  return published;
}

async function measure(name: string, pages: AsyncGenerator<string[]>): Promise<void> {
  const usage = stack.cloud.bigquery.usage();
  const walkOver = new AbortController();
  const began = performance.now();
  const publishing = publish(walkOver.signal);
  const seen = new Map<string, number>();
  let requests = 0;
  for await (const ids of pages) {
    requests += 1;
    for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  const seconds = (performance.now() - began) / 1000;
  walkOver.abort();
  const missed = initial.filter((id) => !seen.has(id)).length;
  const repeated = initial.filter((id) => (seen.get(id) ?? 0) > 1).length;
  const mib = (stack.cloud.bigquery.usage().bytesBilled - usage.bytesBilled) / 2 ** 20;
  console.log(
    `${name}: ${missed} missed, ${repeated} repeated; ${requests} requests in ${seconds.toFixed(1)} s, ${mib} MiB billed, ${await publishing} records published meanwhile`,
  );
}

for (const limit of [1000, 100, 7]) await measure(`by Link, limit ${limit}`, walkByLink(limit));
await measure('by OFFSET, limit 1000', walkByOffset(1000));
await pubsub.close();

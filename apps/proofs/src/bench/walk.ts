import { randomUUID } from 'node:crypto';
import { clientsOf } from '@records/local';
import { pagesOf, untilListed } from '../shared/pages.ts';
import { publishPeople, stackOf, tableOf } from '../shared/people.ts';
import { until } from '../shared/waiting.ts';
import { WalkedPeople } from '../shared/walked-people.ts';

const LIMITS = [1_000, 100, 7];
/** Walks of more pages are left out: they take longer than they tell. */
const MAX_PAGES = { link: 20_000, offset: 1_000 };

/** Walks all records by `Link` and by OFFSET while others arrive. Each walk goes as slowly as they arrive. */
export async function benchWalk(count: number, arrivals: number): Promise<string[]> {
  await using stack = await stackOf(count);
  const { bigquery, pubsub } = clientsOf(stack);
  await pubsub.close();
  const { apiUrl, table } = stack.outputs;
  const { datasetId, tableId } = tableOf(stack);

  const rowsInTable = async (): Promise<number> =>
    Number((await stack.cloud.bigquery.getTable(datasetId, tableId)).numRows);

  async function* walkByLink(limit: number): AsyncGenerator<string[]> {
    for await (const records of pagesOf(apiUrl, limit)) yield records.map(({ id }) => id);
  }

  /** An API without snapshots would read this way. */
  async function* walkByOffset(limit: number): AsyncGenerator<string[]> {
    const query = `SELECT id FROM \`${table}\` ORDER BY id LIMIT @limit OFFSET @offset`;
    for (let offset = 0; ; offset += limit) {
      const [rows] = await bigquery.query({ query, params: { limit, offset } });
      if (rows.length === 0) return;
      yield rows.map(({ id }: { id: string }) => id);
    }
  }

  /** Whether each record that was there at the start came exactly once. `expected`: the number of pages. */
  async function isComplete(
    name: string,
    pages: AsyncGenerator<string[]>,
    expected: number,
  ): Promise<boolean> {
    const usage = stack.cloud.bigquery.usage();
    const rows = await rowsInTable();
    const due = (page: number) => Math.floor((arrivals * Math.min(page, expected)) / expected);
    const seen = new WalkedPeople(count);
    const began = performance.now();
    let requests = 0;
    for (;;) {
      const arriving = due(requests + 1) - due(requests);
      await publishPeople(
        stack,
        Array.from({ length: arriving }, () => `new_${randomUUID()}`),
      );
      // The last page is read only when all have arrived.
      if (requests + 1 === expected)
        await until(`${rows + arrivals} rows`, async () => (await rowsInTable()) >= rows + arrivals);
      const { value: ids, done } = await pages.next();
      if (done) break;
      requests += 1;
      for (const id of ids) seen.see(id);
    }
    const seconds = (performance.now() - began) / 1000;
    const { missed, repeated } = seen;
    const mib = (stack.cloud.bigquery.usage().bytesBilled - usage.bytesBilled) / 2 ** 20;
    console.log(
      `${name}: ${missed} missed, ${repeated} repeated; ${requests} requests in ${seconds.toFixed(1)} s, ${mib} MiB billed, ${(await rowsInTable()) - rows} records arrived`,
    );
    return missed === 0 && repeated === 0;
  }

  const broken: string[] = [];
  let rows = count;
  await untilListed(apiUrl, count);
  for (const limit of LIMITS) {
    const name = `by Link, limit ${limit}`;
    if (rows / limit > MAX_PAGES.link) {
      console.log(`${name}: left out, because it has more than ${MAX_PAGES.link} pages`);
      continue;
    }
    if (!(await isComplete(name, walkByLink(limit), Math.ceil(rows / limit))))
      broken.push(`the walk ${name} is not complete`);
    rows += arrivals;
  }
  if (rows / 1_000 > MAX_PAGES.offset) {
    console.log(`by OFFSET: left out, because it has more than ${MAX_PAGES.offset} pages`);
    return broken;
  }
  // The table grows under this walk, so it may miss and repeat records.
  await isComplete('by OFFSET, limit 1000', walkByOffset(1000), Math.ceil((rows + arrivals) / 1000));
  return broken;
}

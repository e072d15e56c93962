import { randomUUID } from 'node:crypto';
import { clientsOf, LocalStack } from '@records/local';
import { pagesOf } from '../shared/pages.ts';
import { appendPeople, publishPeople, tableOf } from '../shared/people.ts';
import { until } from '../shared/waiting.ts';

/** Walks all records by `Link` and by OFFSET while others arrive. Each walk goes as slowly as they arrive. */
export async function benchWalk(count: number, arrivals: number): Promise<string[]> {
  await using stack = await LocalStack.create();
  const { bigquery, pubsub } = clientsOf(stack);
  await pubsub.close();
  const { apiUrl, table } = stack.outputs;
  const { datasetId, tableId } = tableOf(stack);
  const initial = Array.from({ length: count }, () => randomUUID());
  await appendPeople(stack, initial);

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
    const seen = new Map<string, number>();
    const began = performance.now();
    let requests = 0;
    for (;;) {
      const arriving = due(requests + 1) - due(requests);
      await publishPeople(
        stack,
        Array.from({ length: arriving }, () => randomUUID()),
      );
      // The last page is read only when all have arrived.
      if (requests + 1 === expected)
        await until(`${rows + arrivals} rows`, async () => (await rowsInTable()) >= rows + arrivals);
      const { value: ids, done } = await pages.next();
      if (done) break;
      requests += 1;
      for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    const seconds = (performance.now() - began) / 1000;
    const missed = initial.filter((id) => !seen.has(id)).length;
    const repeated = initial.filter((id) => (seen.get(id) ?? 0) > 1).length;
    const mib = (stack.cloud.bigquery.usage().bytesBilled - usage.bytesBilled) / 2 ** 20;
    console.log(
      `${name}: ${missed} missed, ${repeated} repeated; ${requests} requests in ${seconds.toFixed(1)} s, ${mib} MiB billed, ${(await rowsInTable()) - rows} records arrived`,
    );
    return missed === 0 && repeated === 0;
  }

  const broken: string[] = [];
  let rows = count;
  for (const limit of [1000, 100, 7]) {
    const name = `by Link, limit ${limit}`;
    if (!(await isComplete(name, walkByLink(limit), Math.ceil(rows / limit))))
      broken.push(`the walk ${name} is not complete`);
    rows += arrivals;
  }
  // The table grows under this walk, so it may miss and repeat records.
  await isComplete('by OFFSET, limit 1000', walkByOffset(1000), Math.ceil((rows + arrivals) / 1000));
  return broken;
}

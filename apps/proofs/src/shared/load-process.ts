/** The process of `sendLoad`: takes a Load by message, answers with a LoadResult, and ends. */
import { once } from 'node:events';
import { type Load, type LoadResult, percentile } from './load.ts';
import { RawConnection, requestOf } from './raw-connection.ts';

const [load] = (await once(process, 'message')) as [Load];
const url = new URL(load.url);
const request = requestOf(url.pathname + url.search, url, load.headers ?? {});

const statuses: Record<string, number> = {};
const latencies: number[] = [];
let broken = 0;
let over = false;

/** Sends one request after the other, each when the last is answered in full. */
async function keepAsking(): Promise<void> {
  const connection = new RawConnection(url);
  try {
    while (!over) {
      const began = performance.now();
      const { status } = await connection.ask(request);
      latencies.push(performance.now() - began);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  } catch {
    broken++;
  }
  connection.close();
}

const start = performance.now();
setTimeout(() => {
  over = true;
}, load.seconds * 1_000);
await Promise.all(Array.from({ length: load.connections }, keepAsking));
const seconds = (performance.now() - start) / 1_000;
const answer: LoadResult = {
  goodPerSecond: (statuses[load.good ?? 200] ?? 0) / seconds,
  p50: percentile(latencies, 0.5),
  p99: percentile(latencies, 0.99),
  statuses,
  broken,
};
process.send?.(answer, () => process.disconnect());

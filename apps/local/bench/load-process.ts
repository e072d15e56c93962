/** The process of `sendLoad`: takes a Load by message, answers with a LoadResult, and ends. */
import { once } from 'node:events';
import autocannon from 'autocannon';
import type { Load, LoadResult } from './load.ts';

const [load] = (await once(process, 'message')) as [Load];
const statuses: Record<string, number> = {};
let refusalsWithoutRetryAfter = 0;
const result = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  headers: load.headers ?? {},
  setupClient(client) {
    // Its types say otherwise.
    client.on('headers', (head: unknown) => {
      const { statusCode, headers } = head as { statusCode: number; headers: string[] };
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
      if (statusCode !== 429 && statusCode !== 503) return;
      if (!headers.some((text) => text.toLowerCase() === 'retry-after')) refusalsWithoutRetryAfter++;
    });
  },
});
const answer: LoadResult = {
  goodPerSecond: (statuses[load.good ?? 200] ?? 0) / result.duration,
  p50: result.latency.p50,
  p99: result.latency.p99,
  statuses,
  refusalsWithoutRetryAfter,
  broken: result.errors + result.timeouts,
};
process.send?.(answer, () => process.disconnect());

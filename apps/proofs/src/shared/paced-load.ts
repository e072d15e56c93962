/**
 * The process of `sendPaced`: requests at an even rate, whether the ones before were answered or not, as a crowd of callers
 * sends them. (autocannon sends the requests of a second as fast as it can, and nothing for the rest of it.)
 */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type PacedLoad, type PacedResult, percentile } from './load.ts';
import { RawConnection, requestOf } from './raw-connection.ts';

/** Between two looks at what is due. Milliseconds. */
const TICK_MS = 1;

const [load] = (await once(process, 'message')) as [PacedLoad];
const url = new URL(load.url);
const idle = Array.from({ length: load.connections }, () => new RawConnection(url));
/** Who waits for a connection, the first first. */
const waiting: ((connection: RawConnection) => void)[] = [];
const statuses: Record<string, number> = {};
const latencies: number[] = [];
let [due, sent, inTime, broken, refusalsWithoutRetryAfter] = [0, 0, 0, 0, 0];

const start = performance.now();
const elapsedMs = () => performance.now() - start;
const over = () => elapsedMs() >= load.seconds * 1000;

/** Each page in turn, far from the one before. */
function requestAt(n: number): Buffer {
  const offset = load.offsets === undefined ? '' : `&offset=${(n * 7_919) % load.offsets}`;
  return requestOf(url.pathname + url.search + offset, url, load.headers);
}

async function send(n: number): Promise<void> {
  const began = performance.now();
  const free = idle.pop();
  let connection = free ?? (await new Promise<RawConnection>((resolve) => waiting.push(resolve)));
  if (!over()) sent++;
  try {
    const { status, hasRetryAfter } = await connection.ask(requestAt(n));
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status === '200') {
      latencies.push(performance.now() - began);
      if (!over()) inTime++;
    }
    if ((status === '429' || status === '503') && !hasRetryAfter) refusalsWithoutRetryAfter++;
  } catch {
    broken++;
    connection.close();
    connection = new RawConnection(url);
  }
  const next = waiting.shift();
  if (next) next(connection);
  else idle.push(connection);
}

async function sendWhenAnswered(): Promise<void> {
  while (!over()) await send(due++);
}

async function sendAtRate(rate: number): Promise<void> {
  const answers: Promise<void>[] = [];
  while (!over()) {
    while (due < (elapsedMs() * rate) / 1000) answers.push(send(due++));
    await setTimeout(TICK_MS);
  }
  await Promise.all(answers);
}

if (load.rate === undefined) await Promise.all(Array.from({ length: load.connections }, sendWhenAnswered));
else await sendAtRate(load.rate);
for (const connection of idle) connection.close();
const answer: PacedResult = {
  goodPerSecond: inTime / load.seconds,
  sentPerSecond: sent / load.seconds,
  p50: Math.round(percentile(latencies, 0.5)),
  p99: Math.round(percentile(latencies, 0.99)),
  statuses,
  refusalsWithoutRetryAfter,
  broken,
};
process.send?.(answer, () => process.disconnect());

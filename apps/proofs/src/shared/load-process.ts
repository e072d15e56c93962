/** The process of `sendLoad`. autocannon would send the requests of each second at once, not at an even pace. */
import { setTimeout } from 'node:timers/promises';
import { answer } from './forked-process.ts';
import type { Load, LoadResult } from './load.ts';
import { RawConnection, requestOf } from './raw-connection.ts';
import { percentile } from './statistics.ts';

const TICK_MS = 1;

answer(async (load: Load): Promise<LoadResult> => {
  const { connections, seconds, rate, offsets, headers = {}, good = '200' } = load;
  const url = new URL(load.url);
  const idle = Array.from({ length: connections }, () => new RawConnection(url));
  /** Requests that wait for a connection, the oldest first. */
  const waiting: ((connection: RawConnection) => void)[] = [];
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let [due, sent, inTime, broken, refusalsWithoutRetryAfter] = [0, 0, 0, 0, 0];

  const start = performance.now();
  const elapsedMs = () => performance.now() - start;
  const over = () => elapsedMs() >= seconds * 1000;
  const target = url.pathname + url.search;
  const fixed = requestOf(target, url, headers);
  /** With offsets, consecutive requests ask for distant pages. */
  const requestAt = (n: number) =>
    offsets === undefined ? fixed : requestOf(`${target}&offset=${(n * 7_919) % offsets}`, url, headers);

  async function send(n: number): Promise<void> {
    const began = performance.now();
    let connection = idle.pop() ?? (await new Promise<RawConnection>((resolve) => waiting.push(resolve)));
    if (!over()) sent++;
    try {
      const { status, hasRetryAfter } = await connection.ask(requestAt(n));
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === good) {
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

  async function sendAtRate(perSecond: number): Promise<void> {
    const answers: Promise<void>[] = [];
    while (!over()) {
      while (due < (elapsedMs() * perSecond) / 1000) answers.push(send(due++));
      await setTimeout(TICK_MS);
    }
    await Promise.all(answers);
  }

  if (rate === undefined) await Promise.all(Array.from({ length: connections }, sendWhenAnswered));
  else await sendAtRate(rate);
  for (const connection of idle) connection.close();
  return {
    goodPerSecond: inTime / seconds,
    sentPerSecond: sent / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    statuses,
    refusalsWithoutRetryAfter,
    broken,
  };
});

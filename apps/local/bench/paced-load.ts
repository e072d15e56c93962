/**
 * The process of `sendPaced`: requests at an even rate, whether the ones before were answered or not, as a crowd of callers
 * sends them. (autocannon sends the requests of a second as fast as it can, and nothing for the rest of it.)
 */
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { type PacedLoad, type PacedResult, percentile } from './load.ts';

/** Between two looks at what is due. Milliseconds. */
const TICK_MS = 5;

const [load] = (await once(process, 'message')) as [PacedLoad];
const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
const statuses: Record<string, number> = {};
const latencies: number[] = [];
let [due, sent, inTime, broken, refusalsWithoutRetryAfter] = [0, 0, 0, 0, 0];

const start = performance.now();
const elapsedMs = () => performance.now() - start;
const over = () => elapsedMs() >= load.seconds * 1000;

/** Each page in turn, far from the one before. */
const urlOf = (n: number) =>
  load.offsets === undefined ? load.url : `${load.url}&offset=${(n * 7_919) % load.offsets}`;

function send(n: number): Promise<void> {
  const began = performance.now();
  return new Promise((resolve) => {
    const failed = () => {
      broken++;
      resolve();
    };
    const request = get(urlOf(n), { agent, headers: { ...load.headers } }, (response) => {
      const { statusCode = 0, headers } = response;
      response.resume().on('error', failed);
      response.on('end', () => {
        statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
        if (statusCode === 200) {
          latencies.push(performance.now() - began);
          if (!over()) inTime++;
        }
        const refused = statusCode === 429 || statusCode === 503;
        if (refused && headers['retry-after'] === undefined) refusalsWithoutRetryAfter++;
        resolve();
      });
    }).on('error', failed);
    request.on('finish', () => {
      if (!over()) sent++;
    });
  });
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
agent.destroy();
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

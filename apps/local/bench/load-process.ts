/**
 * The process of `sendLoad`: takes a Load by message, answers with a LoadResult, and ends. It looks at no more of an answer
 * than its status and where it ends: a generator that reads every header takes as long for it as the server, and where the
 * two share their processors it is the generator that is measured.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Load, type LoadResult, percentile } from './load.ts';

const END_OF_HEAD = '\r\n\r\n';

const [load] = (await once(process, 'message')) as [Load];
const { hostname, port, host, pathname, search } = new URL(load.url);
const fields = Object.entries({ host, ...load.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
const request = Buffer.from(`GET ${pathname}${search} HTTP/1.1\r\n${fields.join('')}\r\n`);

const statuses: Record<string, number> = {};
const latencies: number[] = [];
let broken = 0;
let over = false;

/** Sends one request after the other, each when the last is answered in full. */
async function keepAsking(): Promise<void> {
  const socket = connect(Number(port), hostname);
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let began = 0;
  let head = Buffer.alloc(0);
  let left = 0;
  const ask = () => {
    began = performance.now();
    socket.write(request);
  };
  const end = (status: string) => {
    latencies.push(performance.now() - began);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (over) socket.destroy();
    else ask();
  };
  let status = '';
  socket.on('data', (data) => {
    if (left > 0) {
      left -= data.length;
    } else {
      head = head.length === 0 ? data : Buffer.concat([head, data]);
      const size = head.indexOf(END_OF_HEAD);
      if (size < 0) return;
      const text = head.toString('latin1', 0, size);
      status = text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      left = length - (head.length - size - END_OF_HEAD.length);
      head = Buffer.alloc(0);
    }
    if (left === 0) end(status);
  });
  socket.once('connect', ask);
  // What is closed by the other side in the middle of a load has not been answered.
  socket.once('error', () => broken++);
  socket.once('close', (failed) => {
    if (!over && !failed) broken++;
    close();
  });
  await closed;
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

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '@records/local-cloud';
import { LogOutput } from '../src/log-output.ts';
import { environment } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { MAIN } from './support/process.ts';
import { ask } from './support/wire.ts';

let bigQuery: BigQueryFront;

beforeAll(async () => {
  bigQuery = await BigQueryFront.listen();
});

/** The API, with a standard output that the test chooses. Resolves once it answers. */
async function start(stdout: number | 'pipe') {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [MAIN], {
    env: { ...environment, PORT: String(port), BIGQUERY_EMULATOR_HOST: bigQuery.url, LOG_LEVEL: 'debug' },
    stdio: ['ignore', stdout, 'inherit'],
  });
  closeAfterAll(() => child.kill('SIGKILL'));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const get = (path: string) => ask(`http://127.0.0.1:${port}${path}`);
  while ((await get('/health/live').catch(() => undefined))?.statusCode !== 200);
  return { child, get, port, exited };
}

describe('a process whose log nobody takes', () => {
  it.each(['closed', 'full'])('answers and stops when standard output is %s', async (what) => {
    const full = what === 'full' ? openSync('/dev/full', 'w') : undefined;
    const { child, get, exited } = await start(full ?? 'pipe');
    if (full === undefined) child.stdout?.destroy();
    else closeSync(full);
    for (let n = 0; n < 3; n++) expect((await get('/nothing')).statusCode).toBe(404);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  it('answers and stops when the reader of its log pauses, and says how many lines are lost', async () => {
    const { child, get, exited } = await start('pipe');
    const asked = 2_500;
    for (let n = 0; n < asked; n += 50) await Promise.all(Array.from({ length: 50 }, () => get('/nothing')));
    expect((await get('/nothing')).statusCode).toBe(404);
    const log = text(child.stdout as Readable);
    // Lines are written again once the reader goes on.
    while ((await get('/health/live')).statusCode !== 200);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    const messages = (await log)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).message as string);
    const lost = Number(messages.map((message) => /^(\d+) log lines/.exec(message)?.[1]).findLast(Boolean));
    const written = messages.filter((message) => message.endsWith('404')).length;
    expect(messages.at(-1)).toBe('stopped');
    expect([lost > 500, written + lost >= asked]).toEqual([true, true]);
  });

  it('holds a bounded number of lines and counts the others', async () => {
    const fd = openSync('/dev/full', 'w');
    closeAfterAll(() => closeSync(fd));
    const output = new LogOutput(fd);
    for (let n = 0; n < 100; n++) output.write('a line\n');
    await turn();
    expect(output.dropped).toBe(100);
  });
});

describe('a stop', () => {
  it('takes as long with silent connections of every kind as without', async () => {
    const { child, get, port, exited } = await start('pipe');
    child.stdout?.resume();
    const kinds = [
      '',
      'GET /records HTTP/1.1\r\nHost: a\r\n',
      'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      'POST /records HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n',
    ];
    for (const bytes of Array.from({ length: 20 }, () => kinds).flat()) {
      const socket = connect(port, '127.0.0.1');
      closeAfterAll(() => void socket.destroy());
      socket.on('error', () => {});
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      if (bytes !== '') socket.write(bytes);
    }
    expect((await get('/health/live')).statusCode).toBe(200);
    const began = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { hashOf, mintKey } from '@records/api-keys';
import type { FastifyInstance } from 'fastify';
import { Sending } from '../src/limits/sending.ts';
import { noMetrics } from '../src/telemetry/metrics.ts';
import { noTelemetry } from '../src/telemetry/telemetry.ts';
import { buildTestApi, type TestApiOptions } from './support/api.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { openTestTable, type TestTable } from './support/table.ts';
import { ask } from './support/wire.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** More than the system buffers of one connection. */
const NAME = 'x'.repeat(8_000);
const PAGE = '/records?limit=1000';

let table: TestTable;
let keysFile: string;
const key = mintKey();

beforeAll(async () => {
  table = await openTestTable();
  const person = { nombre: 'Ana', apellido: NAME, pais: 'Chile' };
  await table.append(Array.from({ length: 1_100 }, (_, n) => ({ id: `r${1_000 + n}`, ...person })));
  const folder = await mkdtemp(join(tmpdir(), 'slow-readers-'));
  closeAfterAll(() => rm(folder, { recursive: true }));
  keysFile = join(folder, 'keys');
  const entry = {
    name: 'crm',
    sha256: hashOf(key),
    requestsPerMinute: 60,
    createdAt: '2026-11-24T06:00:00Z',
  };
  await writeFile(keysFile, JSON.stringify({ keys: [entry] }));
});

/** An API behind one proxy, with connections that read nothing until they are told to. */
async function listening(options: Partial<TestApiOptions> = {}) {
  const cuts: string[] = [];
  const metrics = { ...noMetrics, connectionCut: (reason: string) => void cuts.push(reason) };
  const { app } = await buildTestApi({
    bigQueryUrl: table.front.url,
    telemetry: { ...noTelemetry, metrics },
    logLevel: 'info',
    ...options,
    variables: { TRUSTED_PROXIES: '1', API_KEYS_FILE: keysFile, ...options.variables },
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const get = (path: string, caller: string, headers = {}) =>
    ask(url + path, { 'x-forwarded-for': caller, ...headers });
  // A busy machine may need more than the time of one answer to make the list.
  while ((await get('/records?limit=1', '192.0.2.99')).statusCode !== 200);
  return {
    app,
    get,
    cuts,
    open: (paths: readonly string[], caller: string) => open(app, url, paths, caller),
  };
}

interface Reader {
  readonly socket: Socket;
  isGone: boolean;
  /** When the server has closed the connection. */
  readonly gone: Promise<void>;
}

/** Resolves when the API has made the first answer. */
async function open(
  app: FastifyInstance,
  url: string,
  paths: readonly string[],
  caller: string,
): Promise<Reader> {
  const connected = once(app.server, 'connection');
  const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
  socket.on('error', () => {});
  closeAfterAll(() => void socket.destroy());
  const [peer] = (await connected) as [Socket];
  // `once` would throw the error of a reset.
  const gone = new Promise<void>((resolve) => {
    peer.once('close', () => {
      reader.isGone = true;
      resolve();
    });
  });
  const reader: Reader = { socket, isGone: false, gone };
  const asked = once(app.server, 'request');
  socket.write(
    paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${caller}\r\n\r\n`).join(''),
  );
  const [, response] = (await asked) as [unknown, ServerResponse];
  while (!response.headersSent && !reader.isGone) await turn();
  return reader;
}

describe('a client that reads nothing', () => {
  it('holds no place once its answer is made, so others are answered, and loses its connection', async () => {
    const { get, open, cuts } = await listening({
      variables: { MAX_REQUESTS_IN_FLIGHT: '1' },
      stallMs: 600,
    });
    // From the routes, and from the front.
    for (const caller of ['192.0.2.1', '192.0.2.2']) {
      const reader = await open([PAGE], caller);
      for (let n = 0; n < 3; n++)
        expect((await get(`/records?offset=${n}&limit=1`, '192.0.2.3')).statusCode).toBe(200);
      expect(reader.isGone).toBe(false);
      await reader.gone;
    }
    expect(cuts).toEqual(['slow', 'slow']);
  });

  it('holds no place with an export either, and loses its connection', async () => {
    const { get, open } = await listening({ variables: { MAX_REQUESTS_IN_FLIGHT: '1' }, stallMs: 600 });
    const reader = await open(['/records.csv'], '192.0.2.1');
    expect((await get('/records?limit=2', '192.0.2.3')).statusCode).toBe(200);
    await reader.gone;
  });

  it('costs its own connections when it asks for more than may wait for one caller', async () => {
    const { get, open, cuts } = await listening();
    const other = await open([PAGE], '192.0.2.2');
    const own: Reader[] = [];
    for (let n = 0; n < 6; n++) own.push(await open([PAGE], '192.0.2.1'));
    await own[1]?.gone;
    expect(own.map(({ isGone }) => isGone)).toEqual([true, true, false, false, false, false]);
    expect([other.isGone, cuts]).toEqual([false, ['crowded', 'crowded']]);
    expect((await get('/records?limit=1', '192.0.2.1')).statusCode).toBe(200);
  });

  it('cannot make one connection hold more than that by sending requests without reading', async () => {
    const { open, cuts } = await listening();
    const reader = await open(Array(9).fill(PAGE), '192.0.2.1');
    await reader.gone;
    expect(cuts).toEqual(['crowded']);
  });
});

describe('the places in flight', () => {
  it('are never all held by one caller', async () => {
    const { get } = await listening({ variables: { MAX_REQUESTS_IN_FLIGHT: '8' }, freshnessSeconds: 1 });
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    table.front.reset();
    table.front.fault = () => held;
    const waiting = Array.from('abcdef', (id) => get(`/records/${id}`, '192.0.2.1'));
    await table.front.called(1);
    const refused = await get('/records/g', '192.0.2.1');
    expect([refused.statusCode, refused.json().detail]).toEqual([503, expect.stringContaining('one caller')]);
    const others = [get('/records/h', '192.0.2.2'), get('/records/i', '192.0.2.3', { 'x-api-key': key })];
    release(undefined);
    const statuses = (await Promise.all([...waiting, ...others])).map(({ statusCode }) => statusCode);
    table.front.reset();
    expect(new Set(statuses)).toEqual(new Set([404]));
  });
});

describe('exports', () => {
  it('of two addresses that read nothing leave places for others, and holders of keys have their own', async () => {
    const { get, open } = await listening();
    for (const caller of ['192.0.2.1', '192.0.2.2'])
      for (let n = 0; n < 2; n++) await open(['/records.csv'], caller);
    const refused = await get('/records.ndjson', '192.0.2.1');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '30']);
    expect(refused.json().detail).toContain('already sends 2 exports to your address.');
    const third = await get('/records.ndjson', '192.0.2.3');
    expect([third.statusCode, third.body.split('\n').length]).toEqual([200, 1_101]);
    await open(['/records.csv'], '192.0.2.3');
    const fourth = await get('/records.ndjson', '192.0.2.4');
    expect([fourth.statusCode, fourth.json().detail]).toEqual([
      503,
      expect.stringContaining('sends 5 exports.'),
    ]);
    expect((await get('/records.ndjson', '192.0.2.4', { 'x-api-key': key })).statusCode).toBe(200);
  });
});

/** A connection whose system takes what the test says. */
function playedSocket(bytes: number) {
  const handle = { bytesWritten: bytes, writeQueueSize: bytes, close: (done: () => void) => done() };
  const socket = Object.defineProperties(new Socket(), {
    _handle: { value: handle, writable: true },
    writableLength: { get: () => handle.writeQueueSize },
  });
  const take = (bytes: number) => {
    handle.writeQueueSize -= bytes;
  };
  return { socket, take };
}

describe('the least rate', () => {
  function played() {
    let now = 0;
    const sending = new Sending({ stallMs: 30_000, metrics: noMetrics, now: () => now });
    closeAfterAll(() => sending.close());
    const add = (bytes: number) => {
      const { socket, take } = playedSocket(bytes);
      const response = new EventEmitter() as ServerResponse;
      sending.add(socket, response, 'a', bytes);
      return { socket, response, take };
    };
    /** Every second. */
    const pass = (seconds: number, each = () => {}) => {
      for (let second = 0; second < seconds; second++) {
        now += 1_000;
        each();
        sending.look();
      }
    };
    return { sending, add, pass };
  }

  it('cuts a client that takes nothing within 30 s', () => {
    const { add, pass } = played();
    const { socket } = add(MIB);
    pass(24);
    expect(socket.destroyed).toBe(false);
    pass(3);
    expect(socket.destroyed).toBe(true);
  });

  it('cuts a client that takes a little all the time', () => {
    const { add, pass } = played();
    const { socket, take } = add(MIB);
    pass(30, () => take(KIB));
    expect(socket.destroyed).toBe(true);
  });

  it('leaves a slow client that takes enough, and one that waits for the API', () => {
    const { add, pass } = played();
    const [slow, waits] = [add(MIB), add(KIB)];
    waits.take(KIB);
    pass(300, () => slow.take(2 * KIB));
    expect([slow.socket.destroyed, waits.socket.destroyed]).toEqual([false, false]);
  });

  it('hurries clients while the instance stops', () => {
    const { sending, add, pass } = played();
    const { socket } = add(MIB);
    sending.stop();
    pass(5);
    expect(socket.destroyed).toBe(true);
  });

  it('forgets what is sent, also when its connection closes first', () => {
    const { sending, add } = played();
    const [first, second] = [add(MIB), add(MIB)];
    first.response.emit('close');
    // Its `close` comes at once: the played system does not wait.
    second.socket.destroy();
    second.response.emit('close');
    expect(sending.size).toBe(0);
  });
});

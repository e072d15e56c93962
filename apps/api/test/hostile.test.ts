import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashOf, mintKey, textOf } from '@records/api-keys';
import { validSamples } from '@records/records-schema';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { buildTestApi } from './support/api.ts';
import { type Answer, Contract } from './support/contract.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { openTestTable, type TestTable } from './support/table.ts';

/** `pnpm bench:fuzz` sends more. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 2_000);

let table: TestTable;
let app: FastifyInstance;
let origin: string;
let contract: Contract;
/** A real snapshot; what is generated says TOKEN for it. */
let token: string;
const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
const keysFile = join(folder, 'keys.json');
let minutes = 0;
const key = mintKey();
const entry = {
  name: 'fuzz',
  sha256: hashOf(key),
  requestsPerMinute: 1_000_000,
  createdAt: '2026-01-01T00:00:00Z',
};
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  writeFileSync(keysFile, textOf({ keys: [entry] }));
  table = await openTestTable();
  await table.append(validSamples.map(({ value }) => ({ ...value })));
  ({ app } = await buildTestApi({
    bigQueryUrl: table.front.url,
    logLevel: 'silent',
    timing: new FakeTiming(),
    // A look-up that waits moves that clock: however many do, the list is not asked for again.
    freshnessSeconds: 3_600,
    // Ten wrong keys a minute are told, and no more are sent.
    now: () => (minutes += 60_000),
    variables: { API_KEYS_FILE: keysFile },
  }));
  // From here on a page costs no call.
  const list = await app.inject({ url: '/records' });
  token = /snapshot=([\w-]+)/.exec(String(list.headers.link))?.[1] ?? '';
  origin = await app.listen({ port: 0, host: '127.0.0.1' });
  contract = new Contract((await app.inject({ url: '/openapi.json' })).json());
});

afterAll(async () => {
  agent.destroy();
  rmSync(folder, { recursive: true });
});

/** Text as an attacker or a broken client would put it into a URL; most of it escaped, some of it raw. */
const nasty = fc.constantFrom(
  "'",
  '"',
  '`',
  '\\',
  ';--',
  "' OR 1=1 --",
  '`; DROP TABLE records',
  '@id',
  '?',
  '../',
  '..%2f',
  '%zz',
  '%',
  '%00',
  '%c3%28',
  '%25',
  '%F0%9F%91%A9',
  '\u0000',
  '\n',
  ' ',
  '+1',
  '-1',
  '-0',
  '1e2',
  '0x10',
  '007',
  '1.5',
  '9'.repeat(20),
  'NaN',
  'null',
  '1_000',
  '٣',
  '１',
  'limit',
  '[]',
  '{}',
  'x'.repeat(129),
  'x'.repeat(5_000),
  '~',
  '.',
  '..',
  '...',
  'constructor',
  '__proto__',
);
const escaped = fc
  .oneof(nasty, fc.string({ unit: 'binary', maxLength: 12 }))
  .map((value) => encodeURIComponent(value.toWellFormed()));
/** What node:http lets through in a path. */
const raw = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 12,
});
const value = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 1_001 }).map(String) },
  { weight: 2, arbitrary: escaped },
  { weight: 1, arbitrary: raw },
);
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('limit', 'offset', 'limit', 'offset', 'snapshot') },
  { weight: 2, arbitrary: fc.constantFrom('nombre', 'apellido', 'pais') },
  { weight: 1, arbitrary: fc.constantFrom('Limit', 'limit[]', 'page', '__proto__', 'constructor', '') },
  { weight: 1, arbitrary: escaped },
);
const stored = (field: 'nombre' | 'apellido' | 'pais') =>
  fc.constantFrom(...validSamples.map(({ value }) => encodeURIComponent(value[field])));
const pair = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(name, value) },
  { weight: 1, arbitrary: fc.constant(['snapshot', 'TOKEN']) },
  ...(['nombre', 'apellido', 'pais'] as const).map((field) => ({
    weight: 1,
    arbitrary: stored(field).map((text) => [field, text]),
  })),
);
const query = fc
  .array(pair, { maxLength: 3 })
  .map((pairs) => (pairs.length > 0 ? `?${pairs.map(([key, text]) => `${key}=${text}`).join('&')}` : ''));
const path = fc.oneof(
  { weight: 5, arbitrary: fc.constant('/records') },
  { weight: 1, arbitrary: fc.constantFrom('/records.csv', '/records.ndjson') },
  { weight: 3, arbitrary: fc.constantFrom('/countries', '/health/live', '/health/ready') },
  { weight: 2, arbitrary: fc.constantFrom(...validSamples.map(({ value }) => `/records/${value.id}`)) },
  { weight: 4, arbitrary: fc.tuple(escaped, escaped).map(([a, b]) => `/records/${a}${b}`) },
  { weight: 1, arbitrary: raw.map((text) => `/records/${text}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/docs', '/openapi.json', '/records/', '/', '*'),
  },
  { weight: 1, arbitrary: raw.map((text) => `/${text}`) },
);
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant('GET') },
  { weight: 1, arbitrary: fc.constant('HEAD') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'),
  },
);
const headers = fc.constantFrom<Record<string, string>>(
  {},
  {},
  {},
  { accept: 'text/html' },
  { accept: 'text/csv;q=0.9, application/x-ndjson;q=0.2' },
  { accept: '"; q=, */*;q=x', 'accept-encoding': 'br;q=0, gzip' },
  { 'accept-encoding': 'gzip, br' },
  { 'if-modified-since': 'Thu, 31 Dec 2099 00:00:00 GMT' },
  { 'x-forwarded-for': "'; --" },
  { traceparent: 'x' },
  { 'x-api-key': key },
  { 'x-api-key': 'nobodys' },
  { 'content-type': 'application/json' },
  { host: '"><script>' },
  { expect: '100-continue' },
  { 'x-http-method-override': 'DELETE' },
  { range: 'bytes=0-1' },
  { 'if-none-match': '*' },
  { 'if-none-match': '*' },
  { 'if-none-match': '*' },
  { 'if-none-match': 'W/"a", b,, "' },
);
const body = fc.option(fc.constantFrom('', '{', '{"limit":1}', 'x'.repeat(2_000)), { freq: 8 });

function send(
  method: string,
  target: string,
  headers: Record<string, string>,
  body: string | null,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Node sends the body of a GET or DELETE without saying how long it is, unless it is told to.
    const framing = body === null ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = {
      method,
      path: target.replaceAll('#', '%23'),
      headers: { ...headers, ...framing },
      agent,
    };
    const outgoing = request(origin, options, (incoming) => {
      buffer(incoming).then(
        (received) =>
          resolve({
            method,
            status: incoming.statusCode ?? 0,
            type: incoming.headers['content-type'] ?? '',
            headers: incoming.headers,
            body: plain(received, incoming.headers['content-encoding']),
          }),
        reject,
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}

/** No body of HEAD is compressed, whatever the header says. */
function plain(body: Buffer, encoding: string | undefined): string {
  return (encoding === 'gzip' && body.length > 0 ? gunzipSync(body) : body).toString();
}

/** The operation of the document that a target belongs to, if any. */
function operationOf(target: string): string | undefined {
  const path = target.split('?', 1)[0] ?? '';
  if (path in contract.document.paths) return path;
  return /^\/records\/[^/]+$/.test(path) ? '/records/{id}' : undefined;
}

describe('hostile requests', () => {
  it(`${REQUESTS} of them meet no 5xx and no answer that the document does not describe, and a refused one no warehouse`, async () => {
    const seen = new Map<string, number>();
    const names = new Set<string>();
    await fc.assert(
      fc.asyncProperty(method, path, query, headers, body, async (verb, path, query, headers, body) => {
        const calls = table.front.calls.length;
        for (const [, sent = ''] of query.matchAll(/[?&]([^=&]+)=/g)) names.add(sent);
        const answer = await send(verb, path + query.replace('TOKEN', token), headers, body);
        const asked = table.front.calls.length - calls;
        const operation = operationOf(path + query);
        seen.set(
          `${verb} ${operation} ${answer.status}`,
          (seen.get(`${verb} ${operation} ${answer.status}`) ?? 0) + 1,
        );

        expect(answer.status).toBeLessThan(500);
        if (operation && (verb === 'GET' || verb === 'HEAD')) {
          expect(contract.undescribed(operation, answer)).toBeUndefined();
        } else if (answer.status !== 200 && answer.status !== 304) {
          expect(answer.type).toMatch(/^application\/problem\+json/);
          expect(
            contract.violation(['components', 'schemas', 'Problem'], JSON.parse(answer.body || 'null')),
          ).toBe(verb === 'HEAD' ? 'data must be object' : undefined);
        }
        // A record that may exist and a page that may be asked for are the only reasons to ask the warehouse.
        const mayAsk =
          answer.status === 200 ||
          answer.status === 304 ||
          (operation === '/records/{id}' && answer.status === 404);
        if (!mayAsk) expect(asked).toBe(0);
        expect(asked).toBeLessThanOrEqual(1);
        // A wrong key is told before anything else.
        const refusals = headers['x-api-key'] === 'nobodys' ? [401] : [];
        if (verb !== 'GET' && verb !== 'HEAD')
          expect([404, 405, 400, 414, ...refusals]).toContain(answer.status);
      }),
      { numRuns: REQUESTS },
    );
    const operations = Object.entries(contract.document.paths);
    const parameters = operations.flatMap(([, { get }]) => get?.parameters ?? []);
    const inQuery = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    expect(inQuery.filter((name) => !names.has(name))).toEqual([]);
    // The property says little if nothing but refusals was tried.
    for (const expected of [
      ...operations.map(([path]) => `GET ${path} 200`),
      'GET /records 401',
      'GET /records 200',
      'GET /records 304',
      'GET /records 400',
      'GET /records 406',
      'GET /records.csv 200',
      'GET /records.ndjson 200',
      'GET /records 414',
      'GET /records/{id} 200',
      'GET /records/{id} 400',
      'GET /records/{id} 404',
      'HEAD /records 200',
      'POST /records 405',
      'GET undefined 404',
    ]) {
      expect([expected, seen.get(expected) ?? 0]).not.toEqual([expected, 0]);
    }
  }, 3_600_000);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashOf, mintKey, textOf } from '@records/api-keys';
import { COLUMN_NAMES, validSamples } from '@records/records-schema';
import fc from 'fast-check';
import { buildTestApi } from './support/api.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { type Answer, Contract } from './support/contract.ts';
import { type DocumentRequest, documentRequests, type KnownValues } from './support/document-requests.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { pathFor, promises, SITUATIONS, situationFor } from './support/situations.ts';
import { openTestTable, type TestTable } from './support/table.ts';

/** `pnpm bench fuzz` sends more, and others each time. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 500);
const SEED = process.env.FUZZ_REQUESTS === undefined ? { seed: 7 } : {};

const WINDOW_MS = 3_600_000;

const people = validSamples.map(({ value }) => value);
const [{ id: ID } = { id: '' }] = people;

let table: TestTable;
let origin: string;
let contract: Contract;
let known: KnownValues;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  const key = mintKey();
  const wrongKeys = [mintKey(), `${key}x`, '', 'x'.repeat(2_000)];
  const timing = new FakeTiming();
  table = await openTestTable();
  let now = 0;
  const { app } = await buildTestApi({
    bigQueryUrl: table.front.url,
    logLevel: 'silent',
    timing,
    // Lookups that wait advance the clock, which must not end the window.
    freshnessSeconds: WINDOW_MS / 1000,
    // Keeps wrong keys below the limit of ten per minute.
    now: () => (now += 60_000),
    variables: { API_KEYS_FILE: await storeKey(key) },
  });
  const tokens: string[] = [];
  for (const some of [people.slice(0, 2), people.slice(2)]) {
    await table.append(some.map((person) => ({ ...person })));
    // So old that the request waits for the new list.
    timing.advance(3 * WINDOW_MS);
    const list = await app.inject({ url: '/records' });
    tokens.push(/snapshot=([\w-]+)/.exec(String(list.headers.link))?.[1] ?? '');
  }
  // From here on a page of either snapshot costs no call.
  for (const token of tokens) await app.inject({ url: `/records?snapshot=${token}` });
  origin = await app.listen({ port: 0, host: '127.0.0.1' });
  contract = new Contract((await app.inject({ url: '/openapi.json' })).json());
  const ofColumns = COLUMN_NAMES.map((name) => [name, people.map((person) => person[name])]);
  known = {
    parameters: { ...Object.fromEntries(ofColumns), snapshot: tokens, lang: ['es', 'en'] },
    headers: [...Array(10).fill({}), ...[key, key, ...wrongKeys].map((text) => ({ 'x-api-key': text }))],
  };
});

afterAll(async () => {
  agent.destroy();
});

async function storeKey(key: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  closeAfterAll(() => rm(folder, { recursive: true }));
  const file = join(folder, 'keys.json');
  const entry = {
    name: 'fuzz',
    sha256: hashOf(key),
    requestsPerMinute: 1_000_000,
    createdAt: '2026-01-01T00:00:00Z',
  };
  await writeFile(file, textOf({ keys: [entry] }));
  return file;
}

function send({ method, target, headers, body }: DocumentRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Otherwise Node sends the body of a GET or DELETE without a length.
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

/** A response to HEAD has no body to decompress. */
function plain(body: Buffer, encoding: string | undefined): string {
  if (body.length === 0) return '';
  if (encoding === 'gzip') return gunzipSync(body).toString();
  return (encoding === 'br' ? brotliDecompressSync(body) : body).toString();
}

/** The operation in the document for a target, if any. */
function operationOf(target: string): string | undefined {
  const path = target.split('?', 1)[0] ?? '';
  if (path in contract.document.paths) return path;
  return /^\/records\/[^/]+$/.test(path) ? '/records/{id}' : undefined;
}

/** One request for each operation and status that a healthy warehouse can give; statuses.test.ts tests the others. */
function oneOfEach(): DocumentRequest[] {
  return promises(contract.document).flatMap(({ path, status }) => {
    if (!SITUATIONS[status]) return [];
    const { search = '', headers = {}, body = null } = situationFor(path, status);
    return { method: 'GET', target: pathFor(path, status, ID) + search, headers, body };
  });
}

/** Requests that random generation would rarely produce. */
const OTHERS = [
  { method: 'HEAD', target: '/records', met: 'HEAD /records 200' },
  { method: 'POST', target: '/records', met: 'POST /records 405' },
  { method: 'GET', target: '/docs', met: 'GET undefined 200' },
  { method: 'GET', target: '/nothing', met: 'GET undefined 404' },
  { method: 'GET', target: '*', met: 'GET undefined 404' },
];

describe('hostile requests', () => {
  it(`get no 5xx and only documented answers, and refusals cost no warehouse call (${REQUESTS} requests)`, async () => {
    const seen = new Set<string>();
    const taken = new Set<string>();
    const others = OTHERS.map(({ method, target }) => ({ method, target, headers: {}, body: null }));
    const each = [...oneOfEach(), ...others];
    await fc.assert(
      fc.asyncProperty(documentRequests(contract.document, known), async (sent) => {
        const { method, target, headers } = sent;
        const before = table.front.calls.length;
        const answer = await send(sent);
        const calls = table.front.calls.slice(before);
        const operation = operationOf(target);
        const reads = method === 'GET' || method === 'HEAD';
        seen.add(`${method} ${operation} ${answer.status}`);
        if (answer.status === 200) for (const name of parametersOf(target, headers)) taken.add(name);

        expect(answer.status).toBeLessThan(500);
        if (operation && reads) {
          expect(contract.undescribed(operation, answer)).toBeUndefined();
        } else if (answer.status !== 200 && answer.status !== 304) {
          expect(answer.type).toBe('application/problem+json');
          expect(
            contract.violation(['components', 'schemas', 'Problem'], JSON.parse(answer.body || 'null')),
          ).toBe(method === 'HEAD' ? 'data must be object' : undefined);
        }
        // Only an existing or missing record, or a page, justifies a warehouse call.
        const mayAsk =
          answer.status === 200 ||
          answer.status === 304 ||
          (operation === '/records/{id}' && answer.status === 404) ||
          // The snapshot could be another instance's.
          (answer.status === 410 && target.includes('snapshot='));
        if (!mayAsk) expect(calls).toEqual([]);
        expect(calls.length).toBeLessThanOrEqual(1);
        if (!reads) expect([400, 401, 404, 405, 414]).toContain(answer.status);
      }),
      { ...SEED, numRuns: Math.max(REQUESTS, each.length), examples: each.map((request) => [request]) },
    );
    const healthy = promises(contract.document).filter(({ status }) => status in SITUATIONS);
    const expected = healthy.map(({ path, status }) => `GET ${path} ${status}`);
    expect([...expected, ...OTHERS.map(({ met }) => met)].filter((met) => !seen.has(met))).toEqual([]);
    // Not only refusals were tried.
    const parameters = Object.values(contract.document.paths).flatMap(({ get }) => get?.parameters ?? []);
    const named = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    expect([...named, 'X-API-Key'].filter((name) => !taken.has(name))).toEqual([]);
  }, 3_600_000);
});

/** The names of the parameters, and of the key. */
function parametersOf(target: string, headers: DocumentRequest['headers']): string[] {
  const [, query = ''] = target.split('?', 2);
  return [...new URLSearchParams(query).keys(), ...('x-api-key' in headers ? ['X-API-Key'] : [])];
}

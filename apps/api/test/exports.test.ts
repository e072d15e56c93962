import { get as httpGet, type IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { COLUMN_NAMES } from '@records/records-schema';
import type { LightMyRequestResponse } from 'fastify';
import { buildTestApi, type TestApi } from './support/api.ts';
import { googleError } from './support/bigquery-front.ts';
import { readCsv, stored } from './support/csv.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

type Row = Record<string, string>;

const recordOf = (n: number): Row => ({
  id: `r${String(n).padStart(6, '0')}`,
  nombre: n % 3 === 0 ? '=HYPERLINK("http://x")' : 'Ana, María',
  apellido: "O'Higgins",
  pais: n % 2 === 0 ? 'Perú' : 'Chile',
});
/** Three listings: the first block, and twice 5,000 rows or what is left. */
const people = Array.from({ length: 7_500 }, (_, n) => recordOf(n));

let table: TestTable;
let api: TestApi;
let timing: FakeTiming;

beforeAll(async () => {
  table = await openTestTable();
  await table.append(people);
  timing = new FakeTiming();
  api = await buildTestApi({ bigQueryUrl: table.front.url, timing });
});

const get = (url: string, headers = {}): Promise<LightMyRequestResponse> => api.app.inject({ url, headers });

/** The headers that do not change between calls, or between HEAD and GET. */
function stable({ headers }: LightMyRequestResponse) {
  const { 'x-request-id': _id, date: _date, ratelimit: _limit, ...others } = headers;
  return others;
}

describe('the export', () => {
  it('as CSV has a header row and every record once, in order, as stored', async () => {
    const response = await get('/records.csv');
    expect(response.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': expect.stringMatching(/^attachment; filename="records-\d{4}-.+Z\.csv"$/),
      'x-total-count': String(people.length),
      vary: 'Accept-Encoding',
      'cache-control': expect.stringContaining('max-age=60'),
      age: '0',
    });
    const [header, ...rows] = readCsv(response.body);
    expect(header).toEqual(COLUMN_NAMES);
    expect(rows.map((row) => row.map(stored))).toEqual(people.map(Object.values));
  });

  it('as CSV begins with a byte order mark only on request, as a representation of its own', async () => {
    const [plain, marked] = [await get('/records.csv'), await get('/records.csv?bom=true')];
    expect(plain.rawPayload.subarray(0, 3).toString()).toBe('id,');
    expect(marked.rawPayload.subarray(0, 6)).toEqual(Buffer.from('\ufeffid,'));
    expect(marked.body).toBe(`\ufeff${plain.body}`);
    expect((await get('/records.csv?bom=false')).headers.etag).toBe(plain.headers.etag);
    expect(marked.headers.etag).not.toBe(plain.headers.etag);
    const again = await get('/records.csv?bom=true', { 'if-none-match': marked.headers.etag });
    expect(again.statusCode).toBe(304);
  });

  it.each(['/records.csv?bom=1', '/records.csv?bom=', '/records.csv?bom=TRUE'])('refuses %s', async (url) => {
    expect(expectProblem(await get(url), 'invalid-parameters').detail).toBe('bom must be true or false.');
  });

  it('as NDJSON has no byte order mark to ask for', async () => {
    const { detail } = expectProblem(await get('/records.ndjson?bom=true'), 'invalid-parameters');
    expect(detail).toContain('bom is not a parameter of this operation');
  });

  it('as NDJSON has one record per line', async () => {
    const response = await get('/records.ndjson');
    expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(response.body.endsWith('}\n')).toBe(true);
    expect(
      response.body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(people);
  });

  it('reads the snapshot that it names, or else the current list', async () => {
    const other = await openTestTable();
    await other.append(people.slice(0, 10));
    const { app } = await buildTestApi({ bigQueryUrl: other.front.url, timing });
    const lines = async (url: string) => (await app.inject({ url })).body.split('\n').length - 1;
    const link = String((await app.inject({ url: '/records?limit=1' })).headers.link);
    const token = /snapshot=([^>]+)>/.exec(link)?.[1];
    await other.append(people.slice(10, 15));
    timing.advance(180_000);
    expect(await lines('/records.ndjson')).toBe(15);
    expect(await lines(`/records.ndjson?snapshot=${token}`)).toBe(10);
    expectProblem(await app.inject({ url: '/records.csv?snapshot=000000000000-1-0' }), 'snapshot-expired');
  });

  it('of an empty list is the header row in CSV, and empty in NDJSON', async () => {
    const { front } = await openTestTable();
    const { app } = await buildTestApi({ bigQueryUrl: front.url });
    expect((await app.inject({ url: '/records.csv' })).body).toBe(`${COLUMN_NAMES.join(',')}\r\n`);
    expect((await app.inject({ url: '/records.ndjson' })).body).toBe('');
  });

  it('answers HEAD with the headers of GET, without reading records', async () => {
    for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
      const full = await get('/records.csv', headers);
      table.front.reset();
      const head = await api.app.inject({ method: 'HEAD', url: '/records.csv', headers });
      expect([head.statusCode, head.body]).toEqual([200, '']);
      const { 'transfer-encoding': _chunked, ...expected } = stable(full);
      expect(stable(head)).toMatchObject(expected);
      expect(table.front.calls).toEqual([]);
    }
  });

  it('uses cached blocks and evicts none', async () => {
    const { app } = await buildTestApi({
      bigQueryUrl: table.front.url,
      timing: new FakeTiming(),
      blockCacheBytes: 200_000,
    });
    await app.inject({ url: '/records?offset=3000&limit=10' });
    await app.inject({ url: '/records.csv' });
    table.front.reset();
    await app.inject({ url: '/records?offset=3000&limit=10' });
    expect(table.front.calls).toEqual([]);

    const roomy = await buildTestApi({ bigQueryUrl: table.front.url, timing: new FakeTiming() });
    for (let offset = 0; offset < people.length; offset += 1_000) {
      await roomy.app.inject({ url: `/records?limit=1000&offset=${offset}` });
    }
    table.front.reset();
    const { body } = await roomy.app.inject({ url: '/records.ndjson' });
    expect(body.split('\n')).toHaveLength(people.length + 1);
    expect(table.front.calls).toEqual([]);
  });
});

describe('an export that fails', () => {
  const isListing = (path = '') => path.endsWith('/data');
  /** Fails every listing after the first ones. */
  const failAfter = (listings: number) => {
    let seen = 0;
    table.front.fault = (call) => {
      if (!isListing(table.front.calls[call - 1])) return undefined;
      seen += 1;
      return seen > listings ? googleError(403, 'accessDenied') : undefined;
    };
  };

  it('at its beginning is answered with a problem', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing: new FakeTiming() });
    // The first listing opens the snapshot.
    failAfter(1);
    const response = await app.inject({ url: '/records.csv' });
    table.front.reset();
    expectProblem(response, 'internal-error');
    expect(response.headers['content-disposition']).toBeUndefined();
  });

  it.each(['identity', 'gzip'])(
    'at a later row breaks the connection and is logged (%s)',
    async (encoding) => {
      const { app, lines } = await buildTestApi({ bigQueryUrl: table.front.url, timing: new FakeTiming() });
      const origin = await app.listen({ port: 0, host: '127.0.0.1' });
      failAfter(2);
      const response = await open(`${origin}/records.ndjson`, { 'accept-encoding': encoding });
      let ended = false;
      response.once('end', () => {
        ended = true;
      });
      response.resume();
      await new Promise((resolve) => response.once('close', resolve).once('error', () => {}));
      table.front.reset();
      expect([response.statusCode, response.complete, ended]).toEqual([200, false, false]);
      expect(lines.find(({ message }) => String(message).includes('broke off'))).toMatchObject({
        severity: 'ERROR',
        reason: 'accessDenied',
        message: expect.stringMatching(/^GET \/records.ndjson broke off: /),
      });
    },
  );
});

describe('content negotiation', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/json; charset=utf-8', 'application/json'],
    // The content types that the API sends.
    ['text/csv; charset=utf-8; header=present', 'text/csv'],
    ['application/x-ndjson; charset=utf-8, application/json; q=0.5', 'application/x-ndjson'],
    ['text/csv;x=", application/json;";Q=0.4, application/x-ndjson;v="\\";q=0";q=0.3', 'text/csv'],
    ['text/csv', 'text/csv'],
    ['application/x-ndjson, application/json;q=0.5', 'application/x-ndjson'],
    ['application/json;q=0.1, text/csv;q=0.9, */*;q=0.2', 'text/csv'],
    ['text/html, application/json;q=0, */*;q=0.1', 'text/csv'],
  ])('for Accept %p gives %s', async (accept, type) => {
    const response = await get('/records?limit=3&offset=4', accept === undefined ? {} : { accept });
    expect([response.statusCode, String(response.headers['content-type']).split(';')[0]]).toEqual([
      200,
      type,
    ]);
    expect(response.headers.vary).toBe('Accept, Accept-Encoding');
    const expected = people.slice(4, 7);
    if (type === 'text/csv') {
      const rows = readCsv(response.body).map((row) => row.map(stored));
      expect(rows).toEqual([COLUMN_NAMES, ...expected.map(Object.values)]);
    } else {
      const text =
        type === 'application/json' ? response.body : `[${response.body.trimEnd().replaceAll('\n', ',')}]`;
      expect(JSON.parse(text)).toEqual(expected);
    }
  });

  it.each([
    ['/records', 'text/html', 'application/json, text/csv and application/x-ndjson'],
    ['/records', 'application/json;q=0', 'application/json, text/csv and application/x-ndjson'],
    ['/records/r000001', 'text/csv', 'application/json'],
    ['/records.csv', 'application/json', 'text/csv'],
    ['/records.csv', 'text/csv; header=present; q=0', 'text/csv'],
  ])('for %s refuses Accept %s and lists the available types', async (url, accept, offered) => {
    const { detail } = expectProblem(await get(url, { accept }), 'not-acceptable');
    expect(detail).toBe(`The Accept header "${accept}" matches none of the types of this path: ${offered}.`);
  });

  it('compresses on request, with an entity tag for each representation, which gives 304 for that one only', async () => {
    const plain = await get('/records');
    const tags = new Map<string, string>();
    for (const accept of ['application/json', 'text/csv', 'application/x-ndjson']) {
      const { body } = await get('/records', { accept });
      for (const [accepted, encoding, open] of [
        ['gzip, deflate', 'gzip', gunzipSync],
        ['br, gzip;q=0.5', 'br', brotliDecompressSync],
        ['identity, gzip;q=0', undefined, (bytes: Buffer) => bytes],
        ['zstd, *;q=0', undefined, (bytes: Buffer) => bytes],
      ] as const) {
        const headers = { accept, 'accept-encoding': accepted };
        const response = await get('/records', headers);
        expect(response.headers['content-encoding']).toBe(encoding);
        expect(open(response.rawPayload).toString()).toBe(body);
        expect(response.headers['content-length']).toBe(String(response.rawPayload.length));
        const etag = String(response.headers.etag);
        tags.set(`${accept} ${encoding}`, etag);
        expect((await get('/records', { ...headers, 'if-none-match': etag })).statusCode).toBe(304);
        const head = await api.app.inject({ method: 'HEAD', url: '/records', headers });
        expect(stable(head)).toEqual(stable(response));
      }
    }
    expect(new Set(tags.values()).size).toBe(9);
    const other = String(tags.get('text/csv gzip'));
    expect((await get('/records', { 'if-none-match': other })).statusCode).toBe(200);
    expect(plain.rawPayload.length).toBeGreaterThan(
      3 * (await get('/records', { 'accept-encoding': 'gzip' })).rawPayload.length,
    );
  });

  it('compresses an export', async () => {
    const { body } = await get('/records.csv');
    for (const [encoding, open] of [
      ['gzip', gunzipSync],
      ['br', brotliDecompressSync],
    ] as const) {
      const { headers, rawPayload } = await get('/records.csv', { 'accept-encoding': encoding });
      expect(headers['content-encoding']).toBe(encoding);
      expect(open(rawPayload).toString()).toBe(body);
    }
  });
});

describe('If-Modified-Since', () => {
  it.each(['/records', '/records.csv', '/records.ndjson'])(
    'gives 304 at %s from the time of the snapshot on, unless If-None-Match differs',
    async (url) => {
      const moment = String((await get(url)).headers['last-modified']);
      const ask = async (headers: object) => (await get(url, headers)).statusCode;
      const before = new Date(Date.parse(moment) - 1_000).toUTCString();
      expect(await ask({ 'if-modified-since': moment })).toBe(304);
      expect(await ask({ 'if-modified-since': before })).toBe(200);
      for (const noDate of ['yesterday', '9999', String(Date.now()), 'Fri, 32 Dec 2027 00:00:00 GMT'])
        expect(await ask({ 'if-modified-since': noDate })).toBe(200);
      expect(await ask({ 'if-modified-since': moment, 'if-none-match': '"other"' })).toBe(200);
    },
  );

  it('is read in the three forms of HTTP', async () => {
    for (const [date, status] of [
      ['Sunday, 06-Nov-94 08:49:37 GMT', 200],
      ['Sun Nov  6 08:49:37 1994', 200],
      ['Thursday, 31-Dec-48 00:00:00 GMT', 304],
      ['Thu Dec 31 00:00:00 2048', 304],
    ] as const)
      expect((await get('/records', { 'if-modified-since': date })).statusCode).toBe(status);
  });
});

describe('If-Match and If-Unmodified-Since', () => {
  it.each(['/records', '/records.csv', '/records.ndjson', '/countries', '/records/r000000', '/', '/docs'])(
    'give 412 at %s unless they name the present representation',
    async (url) => {
      const { headers } = await get(url);
      const etag = String(headers.etag);
      const ask = async (headers: object) => (await get(url, headers)).statusCode;
      for (const wanted of [etag, `"x", ${etag}`, '*']) expect(await ask({ 'if-match': wanted })).toBe(200);
      expect(await ask({ 'if-match': etag, 'if-none-match': etag })).toBe(304);
      // By strong comparison (RFC 9110, 13.1.1).
      for (const other of ['"x"', `W/${etag}`, '']) {
        const { detail } = expectProblem(await get(url, { 'if-match': other }), 'precondition-failed');
        expect(detail).toContain(`The \`ETag\` is ${etag}, which \`If-Match\` does not name.`);
      }
      const moment = headers['last-modified'] as string | undefined;
      const before = 'Sun, 06 Nov 1994 08:49:37 GMT';
      expect(await ask({ 'if-unmodified-since': before })).toBe(moment === undefined ? 200 : 412);
      expect(await ask({ 'if-unmodified-since': before, 'if-match': etag })).toBe(200);
      for (const passing of [moment ?? before, 'yesterday'])
        expect(await ask({ 'if-unmodified-since': passing })).toBe(200);
    },
  );
});

function open(url: string, headers = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpGet(url, { headers, agent: false }, resolve).once('error', reject);
  });
}

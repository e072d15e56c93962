import { beforeEach, describe, expect, it } from '@jest/globals';
import { amendmentColumns, amendmentKey, MAX_AMENDMENTS } from '@records/records-schema';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { buildTestApi, type TestApi } from './support/api.ts';
import { googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const WINDOW_MS = 60_000;
const AMENDMENTS = { projectId: 'records-test', datasetId: 'records', tableId: 'amendments' };
const COUNTRIES = ['Chile', 'Perú', 'Cuba'];

const people = Array.from({ length: 30 }, (_, n) => ({
  id: `r${String(n).padStart(3, '0')}`,
  nombre: `Ana${n}`,
  apellido: 'Pérez',
  pais: COUNTRIES[n % 3] ?? '',
}));
const [first = people[0], , third] = people;
const ana = people[7];
if (!ana || !first || !third) throw new RangeError('no such person');
const others = people.filter(({ id }) => id !== ana.id);

let table: TestTable;
let timing: FakeTiming;
let api: TestApi;
let app: FastifyInstance;

beforeEach(async () => {
  table = await openTestTable();
  timing = new FakeTiming();
  await table.bigQuery.insertTable('records', {
    tableReference: AMENDMENTS,
    schema: { fields: amendmentColumns },
  });
  await table.append(people);
  api = await build();
  ({ app } = api);
});

const build = (options = {}) =>
  buildTestApi({ bigQueryUrl: table.front.url, timing, isAmended: true, ...options });
const get = (url: string, headers = {}): Promise<LightMyRequestResponse> => app.inject({ url, headers });
const idsOf = (response: LightMyRequestResponse): string[] =>
  response.json().map(({ id }: { id: string }) => id);
const linkOf = (response: LightMyRequestResponse, name: string) =>
  new RegExp(`<([^>]+)>; rel="${name}"`).exec(String(response.headers.link))?.[1] ?? '';
/** What a caller sees of a record: JSON, without what differs between any two requests. */
const seen = ({ statusCode, headers, body }: LightMyRequestResponse, id: string) => ({
  statusCode,
  headers: Object.keys(headers).sort(),
  body: body.replaceAll(id, 'ID').replaceAll(/[0-9a-f-]{36}/g, 'REQUEST'),
});

async function amend(id: string, what: string, values: object = {}): Promise<void> {
  const row = { key: amendmentKey(id), what, amended_at: '2026-11-29T10:00:00Z', ...values };
  const refused = await table.bigQuery.appendRows(AMENDMENTS, [row]);
  expect(refused).toEqual([]);
}

/** The window in which every instance learns of an amendment. */
const nextWindow = () => timing.advance(WINDOW_MS);

describe('a forgotten record', () => {
  it.each([
    ['a short list', {}],
    ['a list that is filtered by queries', { maxIndexedRows: 1, partRows: 10 }],
  ])('is gone from every form of %s within a window', async (_, options) => {
    ({ app } = await build(options));
    const paths = [
      '/records?limit=1000',
      '/records.ndjson',
      '/records.csv',
      `/records/${ana.id}`,
      `/records?nombre=${ana.nombre}`,
      `/records.ndjson?pais=${ana.pais}`,
    ];
    for (const path of paths) expect((await get(path)).body).toContain(ana.nombre);
    expect((await get('/countries')).json()).toContainEqual({ pais: ana.pais, records: 10 });
    await amend(ana.id, 'forgotten');
    nextWindow();
    for (const path of paths) expect((await get(path)).body).not.toContain(ana.nombre);
    expect((await get('/countries')).json()).toContainEqual({ pais: ana.pais, records: 9 });
    expect((await get(`/records?nombre=${ana.nombre}`)).headers['x-total-count']).toBe('0');
    expect(idsOf(await get('/records?limit=1000'))).toEqual(others.map(({ id }) => id));
  });

  it('answers as an unknown id does', async () => {
    await get(`/records/${ana.id}`);
    await amend(ana.id, 'forgotten');
    nextWindow();
    const [forgotten, unknown] = [await get(`/records/${ana.id}`), await get('/records/unknown')];
    expectProblem(forgotten, 'record-not-found');
    expect(seen(forgotten, ana.id)).toEqual(seen(unknown, 'unknown'));
  });

  it('is not brought back by a condition that its old representation meets', async () => {
    const paths = ['/records?limit=1000', '/records.ndjson', `/records?pais=${ana.pais}`];
    const before = await Promise.all(paths.map((path) => get(path)));
    await amend(ana.id, 'forgotten');
    nextWindow();
    for (const [index, path] of paths.entries()) {
      const { etag = '', 'last-modified': since = '' } = before[index]?.headers ?? {};
      for (const headers of [{ 'if-none-match': etag }, { 'if-modified-since': since }]) {
        const response = await get(path, headers);
        expect(response.statusCode).toBe(200);
        expect(response.body).not.toContain(ana.nombre);
        const again = await get(path, { 'if-none-match': response.headers.etag });
        expect(again.statusCode).toBe(304);
      }
    }
  });

  it('leaves a walk under way, which goes on with every other record exactly once', async () => {
    const walked: string[] = [];
    let url = '/records?limit=4';
    for (let page = 0; url !== ''; page++) {
      const response = await get(url);
      expect(response.headers['x-total-count']).toBe(String(people.length));
      walked.push(...idsOf(response));
      if (page === 0) {
        await amend(ana.id, 'forgotten');
        nextWindow();
      }
      url = linkOf(response, 'next');
    }
    expect(walked).toEqual(others.map(({ id }) => id));
  });

  it('ends a filtered walk under way with how to start again', async () => {
    const page = await get(`/records?limit=2&pais=${ana.pais}`);
    await amend(ana.id, 'forgotten');
    nextWindow();
    expect(expectProblem(await get(linkOf(page, 'next')), 'snapshot-expired').detail).toContain(
      'without `snapshot`',
    );
    const again = await get(`/records?limit=2&pais=${ana.pais}`);
    expect((await get(linkOf(again, 'next'))).statusCode).toBe(200);
  });

  it('is gone at once at an instance that is asked for a list of which another instance knows that', async () => {
    await get('/records');
    await amend(ana.id, 'forgotten');
    timing.advance(WINDOW_MS / 3);
    const other = await build();
    const url = `/records?limit=2&pais=${ana.pais}`;
    const next = linkOf(await other.app.inject({ url }), 'next');
    expect((await get(url)).headers['x-total-count']).toBe('10');
    const second = await get(next);
    expect(second.headers['x-total-count']).toBe('9');
    expect((await get(url)).headers['x-total-count']).toBe('9');
  });

  it('stays forgotten when it is published again, or corrected afterwards', async () => {
    await amend(ana.id, 'forgotten');
    await table.append([{ ...ana, nombre: 'Again' }]);
    await amend(ana.id, 'corrected', { nombre: 'Again' });
    for (let window = 0; window < 3; window++) {
      expect((await get('/records.ndjson')).body).not.toContain(ana.id);
      expect((await get('/records?nombre=Again')).json()).toEqual([]);
      expect((await get(`/records/${ana.id}`)).statusCode).toBe(404);
      nextWindow();
    }
  });
});

describe('a record that is forgotten during an export', () => {
  it.each(['/records.ndjson', '/records.ndjson?apellido=Pérez'])('is not in the rest of %s', async (url) => {
    const many = Array.from({ length: 12_000 }, (_, n) => ({ ...ana, id: `s${String(n).padStart(5, '0')}` }));
    const last = { ...ana, id: 'z', nombre: 'Last' };
    await table.append([...many, last]);
    ({ app } = await build({ freshnessSeconds: 5 }));
    const response = await app.inject({ url: encodeURI(url), payloadAsStream: true });
    let [body, isAmended] = ['', false];
    for await (const chunk of response.stream()) {
      body += chunk;
      if (isAmended) continue;
      isAmended = true;
      await amend(last.id, 'forgotten');
      // Shorter than the deadline of the read that is in progress.
      timing.advance(5_000);
    }
    expect(body.trimEnd().split('\n')).toHaveLength(people.length + many.length);
    expect(body).not.toContain('Last');
  });
});

describe('a corrected record', () => {
  it.each([
    ['a short list', {}],
    ['a list that is filtered by queries', { maxIndexedRows: 1, partRows: 10 }],
  ])('has its new values in every form of %s, and is found by them alone', async (_, options) => {
    ({ app } = await build(options));
    const corrected = { ...ana, nombre: 'Eva', pais: 'México' };
    await get('/records?nombre=Eva');
    const { etag } = (await get(`/records/${ana.id}`)).headers;
    await amend(ana.id, 'corrected', { nombre: 'Eva', pais: 'México' });
    nextWindow();
    expect((await get('/records?limit=1000')).json()).toEqual(
      people.map((person) => (person === ana ? corrected : person)),
    );
    expect((await get(`/records/${ana.id}`, { 'if-none-match': etag })).json()).toEqual(corrected);
    expect((await get('/records.ndjson')).body).toContain(JSON.stringify(corrected));
    expect((await get('/records?nombre=Eva&pais=M%C3%A9xico')).json()).toEqual([corrected]);
    expect((await get(`/records?nombre=${ana.nombre}`)).json()).toEqual([]);
    expect((await get('/countries')).json()).toContainEqual({ pais: 'México', records: 1 });
  });

  it('does not exist when no row has its id', async () => {
    await amend('unknown', 'corrected', { nombre: 'Eva', apellido: 'Paz', pais: 'Chile' });
    nextWindow();
    expect((await get('/records/unknown')).statusCode).toBe(404);
    expect(idsOf(await get('/records?limit=1000'))).toEqual(people.map(({ id }) => id));
  });
});

describe('the amendments', () => {
  it('let no cache keep an answer for longer than a window', async () => {
    const next = linkOf(await get('/records?limit=4'), 'next');
    for (const url of ['/records', next, `/records/${ana.id}`, '/countries', '/records.csv'])
      expect((await get(url)).headers).toMatchObject({ 'cache-control': 'max-age=60', age: '0' });
    timing.advance(10.5 * WINDOW_MS);
    expect((await get(next)).headers).toMatchObject({ 'cache-control': 'max-age=60', age: '0' });
  });

  it('cost a free call per window, and their rows are read only after a change', async () => {
    await amend(first.id, 'forgotten');
    const calls = () => table.front.calls.filter((call) => call.includes('/amendments'));
    for (let window = 0; window < 4; window++) {
      for (const url of ['/records', `/records/${ana.id}`, '/countries']) await get(url);
      nextWindow();
    }
    expect(calls().filter((call) => call.endsWith('/data'))).toHaveLength(1);
    expect(calls()).toHaveLength(5);
  });

  it('stay in force while BigQuery does not answer, and an instance that never read them serves nobody', async () => {
    await amend(ana.id, 'forgotten');
    await get('/records?limit=1000');
    table.front.gone = true;
    timing.advance(10 * WINDOW_MS);
    const stale = await get('/records?limit=1000');
    expect(idsOf(stale)).not.toContain(ana.id);
    expect(Number(stale.headers.age)).toBeGreaterThanOrEqual(600);
    // One request waits for BigQuery to answer, and others do not.
    table.front.gone = false;
    table.front.fault = () => 'hang';
    timing.advance(WINDOW_MS);
    expect((await get('/records?limit=1000')).statusCode).toBe(200);
    table.front.gone = true;
    const { app: fresh } = await build();
    expectProblem(await fresh.inject({ url: '/records' }), 'warehouse-unavailable');
    expectProblem(await fresh.inject({ url: `/records/${third.id}` }), 'warehouse-unavailable');
  });

  it('that the API may not read, or that are too many, keep it from serving anybody', async () => {
    await get('/records');
    table.front.fault = (call) =>
      table.front.calls[call - 1]?.endsWith('/tables/amendments')
        ? googleError(403, 'accessDenied')
        : undefined;
    nextWindow();
    expect((await get('/records')).statusCode).toBe(500);
    expect((await get('/health/ready')).statusCode).toBe(503);
    table.front.reset();
    timing.advance(2_000);
    expect((await get('/records')).statusCode).toBe(200);
    const described = { ...(await table.bigQuery.getTable('records', 'amendments')), etag: 'new' };
    const numRows = String(MAX_AMENDMENTS + 1);
    const body = JSON.stringify({ ...described, numRows, lastModifiedTime: String(timing.date()) });
    table.front.fault = (call) =>
      table.front.calls[call - 1]?.endsWith('/tables/amendments') ? { status: 200, body } : undefined;
    nextWindow();
    expect((await get('/records')).statusCode).toBe(500);
    expect(JSON.stringify(api.lines)).toContain(`${MAX_AMENDMENTS + 1} amendments are more than`);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { buildTestApi, type TestApi } from './support/api.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const MIB = 1024 * 1024;
const WINDOW_MS = 60_000;
const COUNTRIES = ['Chile', 'Perú', 'México', 'Me\u0301xico', 'Cuba'];

const records = (count: number, prefix = 'r') =>
  Array.from({ length: count }, (_, n) => ({
    id: `${prefix}${String((n * 7_919) % 100_003).padStart(6, '0')}`,
    nombre: ['Ana', 'Eva', 'Leo'][n % 3] ?? '',
    apellido: 'Pérez',
    pais: COUNTRIES[n % 5] ?? '',
  }));
const idsOf = (some: readonly { readonly id: string }[]) => some.map(({ id }) => id).sort();

let table: TestTable;
let timing: FakeTiming;
let api: TestApi;

/** Lists in parts of about 1,000 rows, none of them filtered in memory. */
const build = (variables = {}) =>
  buildTestApi({ bigQueryUrl: table.front.url, timing, partRows: 1_000, maxIndexedRows: 100, variables });

beforeEach(async () => {
  timing = new FakeTiming();
  table = await openTestTable();
  api = await build();
});

const get = (url: string, app = api.app): Promise<LightMyRequestResponse> => app.inject({ url });
const billedMib = () => table.bigQuery.usage().bytesBilled / MIB;

async function walk(url: string, app = api.app): Promise<string[]> {
  const ids: string[] = [];
  let next: string | undefined = url;
  while (next) {
    const response = await get(next, app);
    // A list may take a busy machine longer than a request may.
    if (response.statusCode === 504) continue;
    if (response.statusCode !== 200) throw new Error(`${next}: ${response.body}`);
    ids.push(...response.json().map(({ id }: { id: string }) => id));
    next = /<([^>]+)>; rel="next"/.exec(String(response.headers.link))?.[1];
  }
  return ids;
}

describe('a list in parts', () => {
  it('is divided by ids that are read free of charge, and complete at every instance', async () => {
    const all = records(3_500);
    await table.append(all);
    expect(await walk('/records?limit=997')).toEqual(idsOf(all));
    const bounds = (
      table.front.bodies as { configuration?: { query?: { queryParameters?: { name: string }[] } } }[]
    ).map(({ configuration }) => configuration?.query?.queryParameters?.map(({ name }) => name));
    expect(bounds.filter((names) => names?.includes('bounds'))).toHaveLength(4);
    const cost = billedMib();
    const other = await build();
    expect(await walk('/records?limit=997', other.app)).toEqual(idsOf(all));
    expect((await get('/records/r000000', other.app)).json()).toEqual(all[0]);
    expect(billedMib()).toBe(cost);
  });

  it('is made while other requests are answered, although hundreds of ids are read to divide it', async () => {
    const all = records(4_000);
    await table.append(all);
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing, partRows: 250 });
    const listed = get('/records?limit=1', app);
    const found = await Promise.all(all.slice(0, 50).map(({ id }) => get(`/records/${id}`, app)));
    expect(new Set(found.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    let page = await listed;
    while (page.statusCode === 504) page = await get('/records?limit=1', app);
    expect(page).toMatchObject({ statusCode: 200, headers: { 'x-total-count': '4000' } });
  });

  it('is divided by the list before it, and grows', async () => {
    const all = records(2_500);
    await table.append(all);
    expect(await walk('/records?limit=1000')).toEqual(idsOf(all));
    const more = records(2_000, 'q');
    await table.append(more);
    timing.advance(3 * WINDOW_MS);
    table.front.reset();
    expect(await walk('/records?limit=1000')).toEqual(idsOf([...all, ...more]));
    expect(table.front.calls.filter((call) => call.endsWith('/tables/records/data'))).toEqual([]);
  });
});

describe('a filter of a long list', () => {
  it('is one query for each list and filter, for all instances', async () => {
    const all = records(3_500);
    await table.append(all);
    const expected = idsOf(all.filter(({ pais, nombre }) => pais === 'Cuba' && nombre === 'Ana'));
    await get('/records');
    const before = billedMib();
    const url = '/records?limit=50&pais=Cuba&nombre=Ana';
    expect(await walk(url)).toEqual(expected);
    const cost = billedMib() - before;
    // A minimum for each part.
    expect(cost).toBe(40);
    expect(await walk(url)).toEqual(expected);
    expect(await walk(url, (await build()).app)).toEqual(expected);
    expect(billedMib() - before).toBe(cost);
    const exported = (await get('/records.ndjson?pais=Cuba&nombre=Ana')).body.trimEnd().split('\n');
    expect(exported.map((line) => JSON.parse(line).id)).toEqual(expected);
  });

  it('compares texts in one Unicode form, and /countries counts them as one', async () => {
    const all = records(1_500);
    await table.append(all);
    for (const form of ['M\u00e9xico', 'Me\u0301xico'])
      expect((await get(`/records?pais=${encodeURIComponent(form)}`)).headers['x-total-count']).toBe('600');
    const counts = (await get('/countries')).json();
    expect(counts).toEqual([
      { pais: 'México', records: 600 },
      { pais: 'Chile', records: 300 },
      { pais: 'Cuba', records: 300 },
      { pais: 'Perú', records: 300 },
    ]);
  });

  it('is answered from the list before while the query of the new one runs', async () => {
    await table.append(records(500));
    expect((await get('/records?pais=Cuba')).headers['x-total-count']).toBe('100');
    expect((await get('/countries')).json()).toHaveLength(4);
    await table.append(records(500, 'q'));
    timing.advance(3 * WINDOW_MS);
    expect((await get('/records')).headers['x-total-count']).toBe('1000');
    const stale = await get('/records?pais=Cuba');
    expect(stale.headers).toMatchObject({ 'x-total-count': '100', age: '180' });
    for (let request = 0; request < 100_000; request++) {
      if ((await get('/records?pais=Cuba')).headers['x-total-count'] === '200') break;
      await new Promise(setImmediate);
    }
    expect((await get('/records?pais=Cuba')).headers).toMatchObject({ 'x-total-count': '200', age: '0' });
  });

  it('is refused when its budget is spent, and those that are known are not', async () => {
    await table.append(records(500));
    // 4 GiB a month for filters: an hour of it is less than two queries.
    const poor = await build({ LIST_GIB_PER_MONTH: '16' });
    expect((await get('/records?pais=Cuba', poor.app)).statusCode).toBe(200);
    timing.advance(1_000);
    expect((await get('/records?pais=Cuba&nombre=Ana', poor.app)).statusCode).toBe(200);
    const refused = await get('/records?pais=Chile', poor.app);
    expectProblem(refused, 'warehouse-busy');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(60);
    expect((await get('/records?pais=Cuba', poor.app)).statusCode).toBe(200);
    expect((await get('/records', poor.app)).statusCode).toBe(200);
  });
});

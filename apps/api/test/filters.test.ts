import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LightMyRequestResponse } from 'fastify';
import { Delta } from '../src/warehouse/lists/delta.ts';
import { Filters, type FiltersOptions } from '../src/warehouse/lists/filters.ts';
import { MergedRows } from '../src/warehouse/lists/merged-rows.ts';
import { RecordIndex } from '../src/warehouse/lists/record-index.ts';
import type { SortedRows } from '../src/warehouse/lists/sorted-rows.ts';
import { buildTestApi, type TestApi } from './support/api.ts';
import { googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const NAMES = ['Ana', "O'Neil & Co", 'José=1', '👩‍🚀'];
const COUNTRIES = ['Chile', 'Perú', 'México', 'Bolivia', 'Chad'];
const people = Array.from({ length: 6_200 }, (_, n) => ({
  id: `r${String(n).padStart(6, '0')}`,
  nombre: NAMES[n % 4] ?? '',
  apellido: NAMES[(n * 7) % 3] ?? '',
  pais: COUNTRIES[n % 17 === 0 ? 3 : n % 3] ?? '',
}));
type Filter = Partial<Record<'nombre' | 'apellido' | 'pais', string[]>>;

const passing = (filter: Filter) =>
  people.filter((person) =>
    Object.entries(filter).every(([name, values]) => values.includes(person[name as keyof Filter])),
  );
const queryOf = (filter: Filter) =>
  Object.entries(filter).flatMap(([name, values]) =>
    values.map((value) => `${name}=${encodeURIComponent(value)}`),
  );

let table: TestTable;
let timing: FakeTiming;
let api: TestApi;

beforeAll(async () => {
  table = await openTestTable();
  await table.append(people);
  timing = new FakeTiming();
  api = await buildTestApi({ bigQueryUrl: table.front.url, timing });
});

const get = (url: string, headers = {}): Promise<LightMyRequestResponse> => api.app.inject({ url, headers });

const some = (values: readonly string[]) => fc.subarray([...values, 'nobody'], { minLength: 1 });
const filters = fc
  .record({ nombre: some(NAMES), apellido: some(NAMES), pais: some(COUNTRIES) }, { requiredKeys: [] })
  .filter((filter) => Object.keys(filter).length > 0);

describe('a filter', () => {
  it('matches exactly the records with one of the values in each field, over a walk by next', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const expected = passing(filter);
        const walked: unknown[] = [];
        let url: string | undefined = `/records?limit=997&${queryOf(filter).join('&')}`;
        while (url) {
          const response: LightMyRequestResponse = await get(url);
          expect(response.headers['x-total-count']).toBe(String(expected.length));
          walked.push(...response.json());
          url = /<([^>]+)>; rel="next"/.exec(String(response.headers.link))?.[1];
        }
        expect(walked).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['of many letters', Array.from({ length: 18 }, (_, n) => `nombre=${n}${'a'.repeat(198)}`).join('&')],
    // Three code points in NFC.
    ['of few that NFC writes longer', `nombre=${encodeURIComponent('\u{1d160}'.repeat(150))}`],
  ])('%s is refused when its links would be too long to follow', async (_what, query) => {
    for (const path of ['/records', '/records.csv', '/records.ndjson'])
      expectProblem(await get(`${path}?${query}`), 'uri-too-long');
    expect((await get(`/?${query}`, { accept: 'text/html' })).statusCode).toBe(414);
  });

  it('of the longest kind has links that are accepted, in headers of at most 16 KiB', async () => {
    const values = Array.from(
      { length: 17 },
      (_, n) => `&apellido=${String.fromCharCode(97 + n)}${'x'.repeat(194)}`,
    );
    const response = await get(`/records?limit=1000&offset=99999999${values.join('')}`);
    expect(response.statusCode).toBe(200);
    expect(JSON.stringify(response.headers).length).toBeLessThan(16_000);
    const links = [...String(response.headers.link).matchAll(/<([^>]+)>/g)].map(([, target]) =>
      String(target),
    );
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) expect((await get(link)).statusCode).toBe(200);
  });

  it('applies to exports', async () => {
    const { body, headers } = await get('/records.ndjson?pais=Bolivia&nombre=Ana');
    const expected = passing({ pais: ['Bolivia'], nombre: ['Ana'] });
    expect(
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(expected);
    expect(headers['x-total-count']).toBe(String(expected.length));
    expect((await get('/records.csv?pais=nobody')).body).toBe('id,nombre,apellido,pais\r\n');
  });

  it('has an entity tag of its own, independent of order and repetition', async () => {
    const tag = async (query: string) => String((await get(`/records?${query}`)).headers.etag);
    const tags = [
      await tag(''),
      await tag('pais=Chile'),
      await tag('nombre=Chile'),
      await tag('pais=Chile&pais=Ana'),
    ];
    expect(new Set(tags).size).toBe(4);
    expect(await tag('pais=Ana&pais=Chile&pais=Ana')).toBe(tags[3]);
    const again = await get('/records?pais=Chile', { 'if-none-match': tags[1] });
    expect(again.statusCode).toBe(304);
  });

  it('costs no call and no scan, even a thousand times', async () => {
    await get('/records?pais=Chile');
    table.front.reset();
    const { bytesBilled } = table.bigQuery.usage();
    for (let n = 0; n < 1_000; n++) await get(`/records?limit=1&apellido=n${n}`);
    expect(table.front.calls).toEqual([]);
    expect(table.bigQuery.usage().bytesBilled).toBe(bytesBilled);
  });

  it('counts the characters of a value, not its UTF-16 units', async () => {
    for (const value of ['🦙'.repeat(200), '🦙'.repeat(256), 'e\u0301'.repeat(128)])
      expect((await get(`/records?nombre=${encodeURIComponent(value)}`)).statusCode).toBe(200);
    for (const value of ['🦙'.repeat(257), 'x'.repeat(257)]) {
      const { detail } = expectProblem(
        await get(`/records?nombre=${encodeURIComponent(value)}`),
        'invalid-parameters',
      );
      expect(detail).toBe('nombre must be 1 to 20 values of 1 to 256 characters, not 257.');
    }
  });

  it.each([
    ['pais=', '1 to 20 values'],
    [`nombre=${'x'.repeat(257)}`, '1 to 256 characters'],
    [Array.from({ length: 21 }, (_, n) => `pais=p${n}`).join('&'), '1 to 20 values'],
    ['país=Chile', 'did you mean pais?'],
    ['edad=4', 'which takes limit, offset, snapshot, nombre, apellido and pais'],
  ])('%j is refused with its rule', async (query, rule) => {
    expect(expectProblem(await get(`/records?${encodeURI(query)}`), 'invalid-parameters').detail).toContain(
      rule,
    );
  });

  it('is refused for a list that needs more memory than allowed', async () => {
    const rows = async function* () {
      yield people.map((person) => Object.values(person));
    };
    const list = { total: people.length, rows };
    const { size } = await RecordIndex.build(list, 1_000_000);
    await expect(RecordIndex.build(list, size - 1)).rejects.toMatchObject({ reason: 'listTooLarge' });
    await expect(RecordIndex.build({ ...list, total: 100_000 }, 1_000_000)).rejects.toMatchObject({
      reason: 'listTooLarge',
    });
  });
});

describe('Unicode', () => {
  const FORMS = ['NFC', 'NFD'] as const;
  const own = FORMS.map((form, n) => ({
    ...{ id: `u${n}`, nombre: 'Zoë'.normalize(form), apellido: 'Núñez', pais: 'México'.normalize(form) },
  }));
  let app: TestApi['app'];

  beforeAll(async () => {
    const { front, append } = await openTestTable();
    await append([...own, { ...own[0], id: 'u2', pais: 'Chile' } as (typeof own)[0]]);
    ({ app } = await buildTestApi({ bigQueryUrl: front.url, timing: new FakeTiming() }));
  });

  it.each(FORMS)(
    'finds what is stored in either form by a filter in %s, and serves it as stored',
    async (form) => {
      const query = `pais=${encodeURIComponent('México'.normalize(form))}&nombre=${encodeURIComponent('Zoë'.normalize(form))}`;
      const page = await app.inject({ url: `/records?${query}` });
      expect(page.json()).toEqual(own);
      const lines = (await app.inject({ url: `/records.ndjson?${query}` })).body.trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual(own);
      expect(page.headers.link).toContain('&pais=M%C3%A9xico>');
    },
  );

  it('gives a filter one entity tag, whatever its form', async () => {
    const tags = FORMS.map(async (form) => {
      const { headers } = await app.inject({
        url: `/records?pais=${encodeURIComponent('México'.normalize(form))}`,
      });
      return headers.etag;
    });
    expect(new Set(await Promise.all(tags)).size).toBe(1);
  });

  it('counts the records of a country once, under its composed name', async () => {
    expect((await app.inject({ url: '/countries' })).json()).toEqual([
      { pais: 'México', records: 2 },
      { pais: 'Chile', records: 1 },
    ]);
  });
});

describe('a list that is lost while it is read for filters', () => {
  it.each([
    ['/records?pais=Chile', '200 100'],
    ['/records.ndjson?pais=Chile', '200 2500'],
    ['/countries', '200 1'],
  ])('is replaced within the request: %s', async (url, expected) => {
    const own = await openTestTable();
    await own.append(people.slice(0, 2_500).map((person) => ({ ...person, pais: 'Chile' })));
    const { app } = await buildTestApi({ bigQueryUrl: own.front.url, timing: new FakeTiming() });
    await app.inject({ url: '/records?limit=1' });
    const results = new Set<string>();
    own.front.fault = (call) => {
      const path = own.front.calls[call - 1] ?? '';
      if (!path.endsWith('/data')) return undefined;
      results.add(path);
      return path === [...results][0] ? googleError(404, 'notFound') : undefined;
    };
    const { statusCode, body } = await app.inject({ url });
    const count = url.includes('ndjson') ? body.trimEnd().split('\n').length : JSON.parse(body).length;
    expect(`${statusCode} ${count}`).toBe(expected);
    expect(results.size).toBe(2);
  });
});

/** A list of one record, readable after `ready`. */
function listOfOne(token: string, ready?: Promise<void>): MergedRows<SortedRows> {
  const rows = async function* () {
    await ready;
    yield [['1', 'Ana', 'Pérez', 'Chile']];
  };
  return new MergedRows({ token, total: 1, rows } as Partial<SortedRows> as SortedRows, Delta.none);
}

/** Short lists need no warehouse. */
const filtersOf = () => new Filters({} as FiltersOptions);

describe('filters of walks', () => {
  it('wait for each other, and never block those of the current list', async () => {
    const ended = Promise.withResolvers<void>();
    const filters = filtersOf();
    const filter = (token: string) => {
      const isCurrent = token === 'present';
      return filters.filter(
        listOfOne(token, isCurrent ? undefined : ended.promise),
        { pais: ['Chile'] },
        isCurrent,
      );
    };
    const first = filter('walk-1');
    await expect(filter('walk-2')).rejects.toMatchObject({ kind: 'busy', reason: 'tooManyIndexes' });
    expect((await filter('present')).total).toBe(1);
    ended.resolve();
    expect((await first).total).toBe(1);
    expect((await filter('walk-2')).total).toBe(1);
  });
});

describe('exports of filtered lists', () => {
  it('keep at most two lists in memory, however slow the clients are', async () => {
    const filters = filtersOf();
    const exported = async (token: string, filter: Filter) =>
      (await filters.filter(listOfOne(token), filter, true)).rows();
    const chile = { pais: ['Chile'] };
    const [first, second, third] = [
      await exported('a', chile),
      await exported('b', chile),
      await exported('c', chile),
    ];
    expect(await first.next()).toMatchObject({ done: false });
    expect(await second.next()).toMatchObject({ done: false });
    await expect(third.next()).rejects.toMatchObject({ kind: 'busy', reason: 'tooManyLists' });
    const again = await exported('a', { nombre: ['Ana'] });
    expect(await again.next()).toMatchObject({ done: false });
    await first.return();
    await again.return();
    expect(await (await exported('c', chile)).next()).toMatchObject({ done: false });
  });
});

describe('GET /countries', () => {
  it('counts the records of the list, largest first, ties by name', async () => {
    const response = await get('/countries');
    const counts = Map.groupBy(people, ({ pais }) => pais);
    const expected = [...counts].map(([pais, { length: records }]) => ({ pais, records }));
    expected.sort((a, b) => b.records - a.records || (a.pais < b.pais ? -1 : 1));
    expect(response.json()).toEqual(expected);
    const { headers } = await get('/records');
    expect(response.headers).toMatchObject({
      'last-modified': headers['last-modified'],
      'cache-control': headers['cache-control'],
    });
    const etag = response.headers.etag;
    expect((await get('/countries', { 'if-none-match': etag })).statusCode).toBe(304);
  });

  it('is compressed on request, with an entity tag for each encoding', async () => {
    const plain = await get('/countries');
    expect(plain.headers).toMatchObject({ vary: 'Accept-Encoding' });
    expect(plain.headers).not.toHaveProperty('content-encoding');
    const tags = new Set([plain.headers.etag]);
    for (const [encoding, open] of [
      ['gzip', gunzipSync],
      ['br', brotliDecompressSync],
    ] as const) {
      const accepting = { 'accept-encoding': encoding };
      const response = await get('/countries', accepting);
      expect(response.headers).toMatchObject({ vary: 'Accept-Encoding', 'content-encoding': encoding });
      expect(open(response.rawPayload).toString()).toBe(plain.body);
      const etag = response.headers.etag;
      tags.add(etag);
      expect((await get('/countries', { ...accepting, 'if-none-match': etag })).statusCode).toBe(304);
    }
    expect(tags.size).toBe(3);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@records/local-cloud';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { buildTestApi, type TestApi } from './support/api.ts';
import { type Fault, googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const WINDOW_MS = 60_000;

const record = (id: string) => ({ id, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
const records = (count: number, prefix = 'r') =>
  Array.from({ length: count }, (_, n) => record(`${prefix}${(n * 7_919) % 100_003}`));

let table: TestTable;
let timing: FakeTiming;
let api: TestApi;
let app: FastifyInstance;

beforeEach(async () => {
  table = await openTestTable();
  timing = new FakeTiming();
  api = await buildTestApi({ bigQueryUrl: table.front.url, timing });
  ({ app } = api);
});

const get = (url: string, headers = {}): Promise<LightMyRequestResponse> => app.inject({ url, headers });

/** The number of billed queries: each of these small tables costs the minimum. */
const scans = () => table.bigQuery.usage().bytesBilled / (10 * 1024 * 1024);

const idsOf = (response: LightMyRequestResponse): string[] =>
  response.json().map(({ id }: { id: string }) => id);

const relation = (response: LightMyRequestResponse, name: string): string | undefined => {
  return new RegExp(`<([^>]+)>; rel="${name}"`).exec(String(response.headers.link))?.[1];
};

describe('a walk', () => {
  it.each([7, 100])(
    'by next, %d at a time, has every record of its snapshot exactly once, whatever is stored meanwhile',
    async (limit) => {
      const before = records(limit * 25 + 3);
      await table.append(before);
      const walked: string[] = [];
      let url: string | undefined = `/records?limit=${limit}`;
      for (let page = 0; url; page++) {
        const response: LightMyRequestResponse = await get(url);
        expect(response.headers['x-total-count']).toBe(String(before.length));
        walked.push(...idsOf(response));
        await table.append(records(3, `a${page}-`));
        timing.advance(WINDOW_MS / 3);
        // Other requests make newer snapshots.
        if (page % 3 === 2) await untilTotal(before.length + 3 * (page + 1));
        url = relation(response, 'next');
      }
      expect(walked).toEqual(before.map(({ id }) => id).sort());
    },
  );

  it('continues at another instance', async () => {
    await table.append(records(20));
    const first = await get('/records?limit=8');
    await table.append(records(20, 'a'));
    const other = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const second = await other.app.inject({ url: relation(first, 'next') ?? '' });
    const third = await get(relation(second, 'next') ?? '');
    expect([first, second, third].flatMap(idsOf)).toEqual(
      records(20)
        .map(({ id }) => id)
        .sort(),
    );
    expect(relation(third, 'next')).toBeUndefined();
    expect(scans()).toBe(1);
  });

  it('stays in the same snapshot by every link, and its pages are fresh while it lasts', async () => {
    await table.append(records(30));
    const page = await get('/records?limit=10&offset=10');
    await table.append(records(5, 'a'));
    timing.advance(2 * WINDOW_MS);
    await get('/records');
    for (const name of ['first', 'prev', 'next', 'last']) {
      const { headers } = await get(relation(page, name) ?? '');
      expect(headers).toMatchObject({
        'x-total-count': '30',
        'cache-control': 'max-age=60',
        age: '0',
        'last-modified': page.headers['last-modified'],
      });
    }
  });

  it('of an expired or unknown snapshot gets 410 with how to start again', async () => {
    await table.append(records(10));
    const next = relation(await get('/records?limit=3'), 'next') ?? '';
    const unknown = next.replace(/-0$/, '-1');
    const ofAnotherTable = next.replace(/snapshot=\w+/, 'snapshot=000000000000');
    expectProblem(await get(ofAnotherTable), 'snapshot-expired');
    expect(expectProblem(await get(unknown), 'snapshot-expired').detail).toContain('without `snapshot`');

    timing.advance(12 * 60 * 60 * 1000 - 1);
    expect((await get(next)).statusCode).toBe(200);
    timing.advance(1);
    table.front.reset();
    expectProblem(await get(next), 'snapshot-expired');
    expect(table.front.calls).toEqual([]);
    expect((await get('/records')).statusCode).toBe(200);
  });

  it('whose result BigQuery drops early gets 410, and a new one can begin', async () => {
    await table.append(records(2_500));
    const next = relation(await get('/records?limit=1000'), 'next') ?? '';
    const listings = (path: string) => path.endsWith('/data');
    table.front.fault = (call) =>
      listings(table.front.calls[call - 1] ?? '') ? googleError(404, 'notFound') : undefined;
    expectProblem(await get(next), 'snapshot-expired');

    expectProblem(await get('/records?offset=2000'), 'warehouse-unavailable');
    table.front.reset();
    timing.advance(1_000);
    const again = await get('/records?offset=2000');
    expect([again.statusCode, again.json()]).toMatchObject([200, { length: 100 }]);
    expect(table.front.calls).toContain('POST /bigquery/v2/projects/records-test/jobs');
  });

  it('that begins when BigQuery has dropped the result gets a new one, made once for all requests', async () => {
    await table.append(records(2_500));
    const { headers } = await get('/records');
    table.front.reset();
    const lost = String(relation(await get('/records'), 'first')).split('snapshot=')[1] ?? '';
    const destinations = new Set<string>();
    table.front.fault = (call) => {
      const path = table.front.calls[call - 1] ?? '';
      if (!path.endsWith('/data')) return undefined;
      destinations.add(path);
      // The first result is the lost one.
      return path === [...destinations][0] ? googleError(404, 'notFound') : undefined;
    };
    const pages = await Promise.all(
      [1_000, 1_500, 2_000, 2_400].map((offset) => get(`/records?offset=${offset}`)),
    );
    for (const page of pages) {
      expect([page.statusCode, page.json().length]).toEqual([200, 100]);
      expect(page.headers.etag).not.toBe(headers.etag);
      expect(page.headers.link).not.toContain(lost);
    }
    expect(table.front.calls.filter((path) => path.endsWith('/jobs'))).toHaveLength(1);
  });
});

describe('a page for a walk and a concurrent request for the current list', () => {
  it.each([
    ['the walk', 0],
    ['the current list', 1],
  ])(
    'gives 410 to the walk and the next list to the other when its result is lost, read first for %s',
    async (_, first) => {
      await table.append(records(2_500));
      const next = relation(await get('/records?limit=1000'), 'next') ?? '';
      const results = new Set<string>();
      const lost = Promise.withResolvers<Fault>();
      table.front.reset();
      table.front.fault = (call) => {
        const path = table.front.calls[call - 1] ?? '';
        if (!path.endsWith('/data')) return undefined;
        results.add(path);
        return path === [...results][0] ? lost.promise : undefined;
      };
      const urls = [next, '/records?limit=1000&offset=1000'];
      const answers = new Map<string, Promise<LightMyRequestResponse>>();
      for (const url of first === 0 ? urls : urls.toReversed()) answers.set(url, get(url));
      await table.front.called(1);
      lost.resolve(googleError(404, 'notFound'));
      const [walk, present] = await Promise.all(urls.map((url) => answers.get(url)));
      if (!walk || !present) throw new Error('not asked');
      expectProblem(walk, 'snapshot-expired');
      expect([present.statusCode, present.json().length]).toEqual([200, 1_000]);
    },
  );
});

describe('one freshness window', () => {
  it('costs one scan for any number of requests and instances', async () => {
    await table.append(records(2_000));
    const other = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const pages = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        [app, other.app][n % 2]?.inject({ url: `/records?limit=${n + 1}&offset=${n * 31}` }),
      ),
    );
    expect(new Set(pages.map((page) => page?.statusCode))).toEqual(new Set([200]));
    expect(new Set(pages.map((page) => page && relation(page, 'first')?.split('snapshot=')[1])).size).toBe(1);
    expect(scans()).toBe(1);

    await table.append(records(1, 'a'));
    timing.advance(WINDOW_MS - 1);
    expect((await get('/records')).headers['x-total-count']).toBe('2000');
    expect(scans()).toBe(1);
  });

  it('costs five calls, and none for cached pages', async () => {
    await table.append(records(50));
    await Promise.all(Array.from({ length: 20 }, () => get('/records?limit=10')));
    const { calls } = table.bigQuery.usage();
    expect(calls).toEqual({
      'tables.get': 1,
      'jobs.insert': 1,
      'jobs.getQueryResults': 1,
      'jobs.get': 1,
      'tabledata.list': 1,
    });
    await Promise.all(Array.from({ length: 20 }, (_, offset) => get(`/records?offset=${offset}`)));
    expect(table.bigQuery.usage().calls).toEqual(calls);
  });

  it('costs nothing without requests', async () => {
    await get('/records');
    timing.advance(100 * WINDOW_MS);
    expect(scans()).toBe(0);
  });

  it('is served stale while the next one is made, but not for longer than a window', async () => {
    await table.append(records(10));
    await get('/records');
    await table.append(records(5, 'a'));
    timing.advance(WINDOW_MS);
    const stale = await get('/records');
    expect(stale.headers).toMatchObject({ 'x-total-count': '10', age: '60' });
    await untilTotal(15);

    await table.append(records(1, 'b'));
    timing.advance(2 * WINDOW_MS + 1);
    const waited = await get('/records');
    expect(waited.headers).toMatchObject({ 'x-total-count': '16', age: '0' });
  });
});

describe('a table that has not changed', () => {
  it('is not scanned again, and its pages are fresh again', async () => {
    await table.append(records(10));
    const first = await get('/records');
    for (let window = 0; window < 5; window++) {
      timing.advance(3 * WINDOW_MS);
      const { headers } = await get('/records');
      expect(headers).toMatchObject({ etag: first.headers.etag, age: '0' });
    }
    expect(scans()).toBe(1);
    expect(table.bigQuery.usage().calls['tables.get']).toBe(6);
  });

  it('is scanned again after six hours, so that a walk has enough time', async () => {
    await table.append(records(10));
    await get('/records');
    timing.advance(6 * 60 * 60 * 1000);
    await get('/records');
    expect(scans()).toBe(2);
  });

  it('is not assumed by an instance that attached to the snapshot of another, which may be older', async () => {
    await table.append(records(10));
    await get('/records');
    await table.append(records(5, 'a'));
    const other = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    expect((await other.app.inject({ url: '/records' })).headers['x-total-count']).toBe('10');
    timing.advance(3 * WINDOW_MS);
    expect((await other.app.inject({ url: '/records' })).headers['x-total-count']).toBe('15');
  });

  it('gives all instances the same snapshot, which then stands', async () => {
    await table.append(records(10));
    const written = Date.now();
    while (Date.now() === written) await new Promise(setImmediate);
    const others = [
      await buildTestApi({ bigQueryUrl: table.front.url, timing }),
      await buildTestApi({ bigQueryUrl: table.front.url, timing }),
    ];
    const tags = async () => {
      const answers = [await get('/records')];
      for (const other of others) answers.push(await other.app.inject({ url: '/records' }));
      return new Set(answers.map(({ headers }) => headers.etag));
    };
    const first = await tags();
    expect(first.size).toBe(1);
    for (let window = 0; window < 3; window++) {
      timing.advance(3 * WINDOW_MS);
      expect(await tags()).toEqual(first);
    }
    expect(scans()).toBe(1);
  });

  it('is told by a free count while there is a streaming buffer', async () => {
    await table.append(records(10));
    const buffered = { status: 200, body: '' };
    table.front.fault = async (call) => {
      const path = table.front.calls[call - 1] ?? '';
      if (!path.endsWith('/tables/records')) return undefined as never;
      const resource = await table.bigQuery.getTable('records', 'records');
      const streamingBuffer = { estimatedBytes: '400', estimatedRows: '4', oldestEntryTime: '0' };
      return { ...buffered, body: JSON.stringify({ ...resource, streamingBuffer }) };
    };
    await get('/records');
    timing.advance(3 * WINDOW_MS);
    await get('/records');
    expect(scans()).toBe(1);
    await table.append(records(11).slice(10));
    timing.advance(3 * WINDOW_MS);
    expect((await get('/records')).headers['x-total-count']).toBe('11');
    expect(scans()).toBe(2);
  });
});

describe("BigQuery's clock, set back by an hour", () => {
  it('delays no list', async () => {
    const clock = new FakeClock(timing.date());
    const other = await openTestTable(clock);
    const { app: reader } = await buildTestApi({ bigQueryUrl: other.front.url, timing });
    const total = async () => (await reader.inject({ url: '/records' })).headers['x-total-count'];
    await other.append(records(10));
    expect(await total()).toBe('10');
    await clock.advance(-60 * WINDOW_MS);
    await other.append(records(5, 'a'));
    timing.advance(3 * WINDOW_MS);
    expect(await total()).toBe('15');
  });
});

describe('a table that has grown', () => {
  it('says how long its list stands while the budget allows no newer one', async () => {
    // A list of 10 MiB fits into each window, and one of 100 MiB into every sixteenth.
    const variables = { LIST_GIB_PER_MONTH: '600' };
    const { app: poor } = await buildTestApi({ bigQueryUrl: table.front.url, timing, variables });
    const list = async () => (await poor.inject({ url: '/records?limit=1' })).headers;
    const append = async (prefix: string, length: number) =>
      table.append(records(100, prefix).map((one) => ({ ...one, nombre: 'x'.repeat(length) })));
    await append('a', 1);
    expect(await list()).toMatchObject({ 'x-total-count': '100', 'cache-control': 'max-age=60' });
    await append('b', 1);
    timing.advance(3 * WINDOW_MS);
    expect(await list()).toMatchObject({ 'x-total-count': '200', 'cache-control': 'max-age=60', age: '0' });
    await append('c', 1_000_000);
    timing.advance(3 * WINDOW_MS);
    // The list of this period of sixteen windows is the first one, so the second one stands.
    expect(await list()).toMatchObject({
      'x-total-count': '200',
      'cache-control': 'max-age=960',
      age: '180',
    });
    timing.advance(2 * 16 * WINDOW_MS);
    expect(await list()).toMatchObject({ 'x-total-count': '300', 'cache-control': 'max-age=960', age: '0' });
  });
});

describe('a conditional request', () => {
  it('for an unchanged page gets 304 with its headers, without a call', async () => {
    await table.append(records(2_500));
    const page = await get('/records?limit=10');
    const far = relation(await get('/records?limit=1000'), 'last') ?? '';
    table.front.reset();
    const etag = String(page.headers.etag);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get('/records?limit=10', { 'if-none-match': tag });
      expect([again.statusCode, again.body]).toEqual([304, '']);
      for (const name of ['etag', 'link', 'x-total-count', 'cache-control', 'last-modified', 'age']) {
        expect([name, again.headers[name]]).toEqual([name, page.headers[name]]);
      }
    }
    // Even for rows that are not cached.
    expect((await get(far, { 'if-none-match': '*' })).statusCode).toBe(304);
    expect(table.front.calls).toEqual([]);
  });

  it('for another range, snapshot or tag gets the full page', async () => {
    await table.append(records(20));
    const etag = String((await get('/records?limit=10')).headers.etag);
    expect((await get('/records?limit=11', { 'if-none-match': etag })).statusCode).toBe(200);
    expect((await get('/records?limit=10&offset=1', { 'if-none-match': etag })).statusCode).toBe(200);
    expect((await get('/records?limit=10', { 'if-none-match': '"x"' })).statusCode).toBe(200);
    await table.append(records(20, 'a'));
    timing.advance(3 * WINDOW_MS);
    expect((await get('/records?limit=10', { 'if-none-match': etag })).statusCode).toBe(200);
  });
});

describe('a record that a list cannot serve', () => {
  it('is left out, logged once and found by its id: the rest is served, and readiness is true', async () => {
    const long = { ...record('r-long'), nombre: 'x'.repeat(9_000_000) };
    await table.append([...records(1_500), long]);
    for (const url of ['/records?limit=1000', '/records?limit=1000&offset=1000', '/records.ndjson'])
      expect((await get(url)).statusCode).toBe(200);
    const exported = (await get('/records.ndjson')).body.trimEnd().split('\n');
    expect(exported).toHaveLength(1_500);
    expect((await get('/records?pais=Chile')).headers['x-total-count']).toBe('1500');
    expect((await get('/countries')).json()).toEqual([{ pais: 'Chile', records: 1_500 }]);
    expect((await get('/records/r-long')).json()).toEqual(long);
    expect((await get('/health/ready')).statusCode).toBe(200);
    const logged = api.lines.filter(({ leftOut }) => leftOut);
    expect(logged).toMatchObject([{ severity: 'ERROR', leftOut: { id: 'r-long', reason: 'tooLong' } }]);
  });

  it('is one that BigQuery lists out of order', async () => {
    const rows = ['a', 'c', 'b'].map((id) => ({ f: [id, 'Ana', 'Pérez', 'Chile'].map((v) => ({ v })) }));
    const body = JSON.stringify({ totalRows: String(rows.length), rows });
    table.front.fault = (call) =>
      table.front.calls[call - 1]?.endsWith('/data') ? { status: 200, body } : undefined;
    expect(idsOf(await get('/records'))).toEqual(['a', 'b']);
    expect(api.lines.filter(({ leftOut }) => leftOut)).toMatchObject([
      { leftOut: { id: 'c', reason: 'notOrdered' } },
    ]);
  });
});

/** Requests the list until the new snapshot is served. */
async function untilTotal(total: number): Promise<void> {
  for (let request = 0; request < 100_000; request++) {
    if ((await get('/records?limit=1')).headers['x-total-count'] === String(total)) return;
    await new Promise(setImmediate);
  }
  throw new Error(`no snapshot of ${total} records`);
}

import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@records/local-cloud';
import type { LightMyRequestResponse } from 'fastify';
import { buildTestApi, type TestApi } from './support/api.ts';
import { googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const MIB = 1024 * 1024;
const WINDOW_MS = 60_000;
/** A delta fits into each window, and a scan of the table into every fourth. */
const LIST_GIB_PER_MONTH = '2300';

const long = (id: string) => ({ id, nombre: 'x'.repeat(15_900), apellido: 'Pérez', pais: 'Chile' });
/** So many deliveries of one long record make 47 MiB to scan, and 16 KB to list. */
const DELIVERIES = { length: 3_000 };
const old = [
  long('r000000'),
  ...Array.from({ length: 2_999 }, (_, n) => ({
    id: `r${String(((n + 1) * 7_919) % 100_003).padStart(6, '0')}`,
    nombre: 'Ana',
    apellido: 'Pérez',
    pais: n % 2 === 0 ? 'Chile' : 'Perú',
  })),
];
const added = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, n) => ({
    id: `r${String((n * 31_337) % 100_003).padStart(6, '0')}${prefix}`,
    nombre: 'Ana',
    apellido: 'Díaz',
    pais: n % 5 === 0 ? 'Chile' : 'Cuba',
  }));
const idsOf = (records: readonly { readonly id: string }[]) => records.map(({ id }) => id).sort();

// A table of 200,000 rows takes a busy machine of two processors some seconds.
let table: TestTable;
let timing: FakeTiming;
let clock: FakeClock;
let api: TestApi;

const build = () => buildTestApi({ bigQueryUrl: table.front.url, timing, variables: { LIST_GIB_PER_MONTH } });

beforeEach(async () => {
  timing = new FakeTiming();
  clock = new FakeClock(timing.date());
  table = await openTestTable(clock);
  api = await build();
  await table.append([...old.slice(1), ...Array.from(DELIVERIES, () => long('r000000'))]);
  await advance(WINDOW_MS);
});

/** Both clocks: that of the API and that of BigQuery. */
async function advance(ms: number): Promise<void> {
  timing.advance(ms);
  await clock.advance(ms);
}

const get = (url: string): Promise<LightMyRequestResponse> => api.app.inject({ url });
const billedMib = () => table.bigQuery.usage().bytesBilled / MIB;
const totalOf = async (url = '/records?limit=1') => Number((await get(url)).headers['x-total-count']);

/** Requests the list in a later window until it has this many records. */
async function untilTotal(total: number): Promise<void> {
  for (let request = 0; request < 100_000; request++) {
    if ((await totalOf()) === total) return;
    await new Promise(setImmediate);
  }
  throw new Error(`no list of ${total} records`);
}

/** Every id of a walk by next, from the first page on. */
async function walk(url: string, limit = 1_000): Promise<string[]> {
  const ids: string[] = [];
  let next: string | undefined = `${url}limit=${limit}`;
  while (next) {
    const response: LightMyRequestResponse = await get(next);
    if (response.statusCode !== 200) throw new Error(`${next}: ${response.body}`);
    ids.push(...response.json().map(({ id }: { id: string }) => id));
    next = /<([^>]+)>; rel="next"/.exec(String(response.headers.link))?.[1];
  }
  return ids;
}

describe('a new window of a large table', () => {
  it('costs what arrived since, and its list is complete in every form', async () => {
    expect(await totalOf()).toBe(old.length);
    const base = billedMib();
    expect(base).toBeGreaterThan(45);
    const first = added(500, 'a');
    // Deliveries of records that the base has, and of one that came twice.
    await table.append(
      [...first, ...old.slice(0, 40), first[7] ?? first[0]].filter((one) => one !== undefined),
    );
    await advance(WINDOW_MS);
    await untilTotal(old.length + 500);
    expect(billedMib() - base).toBe(20);

    const all = idsOf([...old, ...first]);
    expect(await walk('/records?')).toEqual(all);
    expect(await walk('/records?', 97)).toEqual(all);
    const exported = (await get('/records.ndjson')).body.trimEnd().split('\n');
    expect(exported.map((line) => JSON.parse(line).id)).toEqual(all);
    const chile = [...old, ...first].filter(({ pais }) => pais === 'Chile');
    expect(await walk('/records?pais=Chile&')).toEqual(idsOf(chile));
    expect((await get('/countries')).json()).toEqual(
      [...Map.groupBy([...old, ...first], ({ pais }) => pais)]
        .map(([pais, { length: records }]) => ({ pais, records }))
        .sort((a, b) => b.records - a.records),
    );
    table.front.reset();
    expect((await get(`/records/${first[3]?.id}`)).json()).toEqual(first[3]);
    expect(table.front.calls).toEqual([]);
  });

  it('says for how long its list is the newest', async () => {
    expect((await get('/records')).headers['cache-control']).toBe('max-age=60');
    const small = await buildTestApi({
      bigQueryUrl: table.front.url,
      timing,
      variables: { LIST_GIB_PER_MONTH: '100' },
    });
    const { headers } = await small.app.inject({ url: '/records' });
    expect(headers['cache-control']).toBe('max-age=1920');
  });

  it('is made once for all instances, and one that starts later makes no base of its own', async () => {
    expect(await totalOf()).toBe(old.length);
    await table.append(added(100, 'a'));
    await advance(3 * WINDOW_MS);
    await untilTotal(old.length + 100);
    const cost = billedMib();
    const other = await build();
    const mine = await get('/records');
    table.front.reset();
    const others = await other.app.inject({ url: '/records' });
    // Those of the base and of the delta, not of all bases that may exist.
    expect(table.front.calls.filter((call) => /^GET .*\/jobs\//.test(call)).length).toBeLessThan(8);
    expect(others.headers.etag).toBe(mine.headers.etag);
    expect(billedMib()).toBe(cost);
    const page = /<([^>]+)>; rel="last"/.exec(String(mine.headers.link))?.[1] ?? '';
    expect((await other.app.inject({ url: page })).body).toBe((await get(page)).body);
  });

  it('never loses a record of a walk, through deltas and bases', async () => {
    const windows = 24;
    const perWindow = 20;
    expect(await totalOf()).toBe(old.length);
    let page = await get('/records?limit=130');
    const walked: string[] = [];
    let total = old.length;
    for (let window = 0; window < windows; window++) {
      await table.append(added(perWindow, `w${window}`));
      await advance(WINDOW_MS);
      total += perWindow;
      await untilTotal(total);
      walked.push(...page.json().map(({ id }: { id: string }) => id));
      const next = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1];
      if (next) page = await get(next);
    }
    expect(walked.slice(0, 2_500)).toEqual(idsOf(old).slice(0, 2_500));
    // Deltas until they cost as much as a base, then a base.
    const made = api.lines.flatMap(({ list }) => (list ? [(list as { kind: string }).kind] : []));
    expect(made.filter((kind) => kind === 'base').length).toBeGreaterThan(1);
    expect(made.filter((kind) => kind === 'delta').length).toBeGreaterThan(
      2 * made.filter((kind) => kind === 'base').length,
    );
    const hours = (windows * WINDOW_MS) / 3_600_000;
    const budget = (Number(LIST_GIB_PER_MONTH) * 1024 * hours) / (30 * 24);
    expect(billedMib()).toBeLessThan(budget + 2 * 48);
    expect(await walk('/records?')).toHaveLength(total);
  });

  it('never goes back to a base without what was listed since, when so much arrives that a base is cheaper', async () => {
    await advance(8 * WINDOW_MS - (timing.date() % (8 * WINDOW_MS)));
    expect(await totalOf()).toBe(old.length);
    await table.append(added(500, 'a'));
    await advance(WINDOW_MS);
    await untilTotal(old.length + 500);
    await table.append([...added(3_299, 'b'), ...Array.from(DELIVERIES, () => long('z'))]);
    const totals: number[] = [];
    for (let window = 0; window < 6; window++) {
      await advance(WINDOW_MS);
      for (let request = 0; request < 200; request++) {
        totals.push(await totalOf());
        await new Promise(setImmediate);
      }
    }
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    await untilTotal(old.length + 500 + 3_300);
  });

  it('is made anew when its tables disappear early', async () => {
    expect(await totalOf()).toBe(old.length);
    await table.append(added(100, 'a'));
    await advance(WINDOW_MS);
    await untilTotal(old.length + 100);
    const gone = new Set<string>();
    table.front.fault = (call) => {
      const path = table.front.calls[call - 1] ?? '';
      if (!path.endsWith('/data') || gone.size > 0) {
        return gone.has(path) ? googleError(404, 'notFound') : undefined;
      }
      gone.add(path);
      return googleError(404, 'notFound');
    };
    const page = await get('/records?limit=1000&offset=1000');
    expect([page.statusCode, page.json().length]).toEqual([200, 1_000]);
    expect(await totalOf()).toBe(old.length + 100);
  });

  it('is made anew when the base of its delta is gone', async () => {
    expect(await totalOf()).toBe(old.length);
    for (const { tableReference } of await table.bigQuery.listTables('scratch'))
      await table.bigQuery.deleteTable('scratch', tableReference.tableId);
    await table.append(added(100, 'a'));
    await advance(WINDOW_MS);
    await untilTotal(old.length + 100);
    expect((await get('/records?limit=1000&offset=2500')).statusCode).toBe(200);
  });

  it('follows more arrivals than a delta may hold, also at an instance that starts then', async () => {
    expect(await totalOf()).toBe(old.length);
    await table.bigQuery.query({
      query:
        "INSERT INTO records.records SELECT CONCAT('z', CAST(n AS STRING)), 'Ana', 'Díaz', 'Chile' FROM UNNEST(GENERATE_ARRAY(1, 200001)) AS n",
      useLegacySql: false,
    });
    await advance(WINDOW_MS);
    const other = await build();
    for (const { app } of [api, other])
      expect((await app.inject({ url: '/records?limit=1' })).statusCode).toBe(200);
    await advance(10 * WINDOW_MS);
    await untilTotal(old.length + 200_001);
    const { headers } = await other.app.inject({ url: '/records?limit=1' });
    expect(headers['x-total-count']).toBe(String(old.length + 200_001));
  });

  it('appears when rows are deleted: after a tenth of them, with the next list', async () => {
    expect(await totalOf()).toBe(old.length);
    await table.bigQuery.query({
      query: "DELETE FROM records.records WHERE id < 'r050000'",
      useLegacySql: false,
    });
    const left = old.filter(({ id }) => id >= 'r050000').length;
    await advance(WINDOW_MS);
    await untilTotal(left);
  });

  it('that the budget allows every few days lives as long, and can be walked until its end', async () => {
    const HOUR_MS = 3_600_000;
    // Into a new period, which then lasts 68 hours.
    await advance(10 * HOUR_MS);
    const poor = await buildTestApi({
      bigQueryUrl: table.front.url,
      timing,
      variables: { LIST_GIB_PER_MONTH: '1' },
    });
    const first = await poor.app.inject({ url: '/records?limit=1000' });
    const [, age] = /max-age=(\d+)/.exec(String(first.headers['cache-control'])) ?? [];
    expect(Number(age)).toBeGreaterThan(24 * 3_600);
    const cost = billedMib();
    await table.append(added(50, 'a'));
    for (let hour = 0; hour < 30; hour += 6) {
      await advance(6 * HOUR_MS);
      const { headers } = await poor.app.inject({ url: '/records?limit=1000' });
      expect([headers.etag, headers.age]).toEqual([first.headers.etag, String((hour + 6) * 3_600)]);
    }
    const next = /<([^>]+)>; rel="next"/.exec(String(first.headers.link))?.[1] ?? '';
    const other = await build();
    expect((await other.app.inject({ url: next })).json()).toHaveLength(1_000);
    expect(billedMib()).toBe(cost);
  });
});

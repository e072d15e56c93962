import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { NO_AMENDMENTS } from '../src/warehouse/amendment-reader.ts';
import { WarehouseError } from '../src/warehouse/errors.ts';
import { Lookups, type LookupsOptions } from '../src/warehouse/lookups.ts';
import { QueryBudget } from '../src/warehouse/query-budget.ts';
import type { ListedRecord } from '../src/warehouse/warehouse.ts';
import { buildTestApi } from './support/api.ts';
import { googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const record = (id: string) => ({ id, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
const MIB = 1024 * 1024;
/** 2 MiB a second, so an hour is 7,200 MiB. */
const bytesPerMonth = 30 * 86_400 * 2 * MIB;
const budget = (bytes = bytesPerMonth) => new QueryBudget(bytes, () => timing.now());
const ids = (count: number) => Array.from({ length: count }, (_, n) => `r${n}`);

let table: TestTable;
let timing: FakeTiming;

beforeEach(async () => {
  table = await openTestTable();
  timing = new FakeTiming();
  await table.append([...ids(200), 'r1', 'r2'].map(record));
});

const scans = () => table.bigQuery.usage().bytesBilled / (10 * 1024 * 1024);

const lists = (find: LookupsOptions['list']['find']) => ({ list: { find } });

const direct = {
  amendments: NO_AMENDMENTS,
  ...lists(async () => undefined),
  calls: { assertOpen() {}, inTime: <T>(result: Promise<T>) => result },
  log: { warn() {} },
};

describe('look-ups', () => {
  it("serve known ids from the list's scan and all unknown ids from one extra query", async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    await app.inject({ url: '/records' });
    const ask = (wanted: string[]) => Promise.all(wanted.map((id) => app.inject({ url: `/records/${id}` })));
    const answers = [...(await ask(ids(50))), ...(await ask(ids(50)))];
    expect(answers.map((answer) => answer.json())).toEqual([...ids(50), ...ids(50)].map(record));
    expect(scans()).toBe(1);
    const unknown = await ask(ids(50).map((id) => `no-${id}`));
    for (const answer of unknown) expectProblem(answer, 'record-not-found');
    expect(scans()).toBe(2);
  });

  it('need no search where a walk has passed, even after its rows are evicted', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing, blockCacheBytes: 1 });
    await table.append(Array.from({ length: 7_000 }, (_, n) => record(`s${String(n).padStart(4, '0')}`)));
    for (let offset = 0; offset < 7_200; offset += 900)
      expect((await app.inject({ url: `/records?limit=900&offset=${offset}` })).statusCode).toBe(200);
    const reads = () => table.bigQuery.usage().calls['tabledata.list'] ?? 0;
    const before = reads();
    for (const id of ['s0100', 's3456', 's6999'])
      expect((await app.inject({ url: `/records/${id}` })).json()).toEqual(record(id));
    expect(reads() - before).toBe(3);
  });

  it('find a record that was published after the list was made', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    await app.inject({ url: '/records' });
    await table.append([record('r7a')]);
    expect((await app.inject({ url: '/records/r7a' })).json()).toEqual(record('r7a'));
    expect((await app.inject({ url: '/records/r7' })).json()).toEqual(record('r7'));
    expect(scans()).toBe(2);
  });

  it('leave at once, four queries at a time, while later ids gather in the next one', async () => {
    const sent: { readonly asked: readonly string[]; readonly answer: () => void }[] = [];
    const lookups = new Lookups({
      ...direct,
      budget: budget(),
      freshMs: 60_000,
      timing,
      query: async (asked) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        sent.push({ asked, answer: resolve });
        await promise;
        return { rows: [], billed: 0 };
      },
    });
    const found: Promise<unknown>[] = [];
    const ask = async (id: string) => {
      found.push(lookups.find(id));
      await turn();
    };
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'f']) await ask(id);
    expect(sent.map(({ asked }) => asked)).toEqual([['a'], ['b'], ['c'], ['d']]);
    // An answer frees a place without regard to the order.
    sent[1]?.answer();
    await turn();
    expect(sent.at(-1)?.asked).toEqual(['e', 'f']);
    await ask('g');
    expect(sent.length).toBe(5);
    for (let n = 0; n < 6; n++) {
      sent[n]?.answer();
      await turn();
    }
    await Promise.all(found);
    expect(sent.at(-1)?.asked).toEqual(['g']);
    // Only the gathering of ids takes time.
    expect(timing.waits).toEqual([3, 3, 3, 3, 3, 3]);
  });

  it('are billed at most the saved hour plus the refill, whatever a query costs, and never wait for it', async () => {
    for (const price of [10, 60, 3_000]) {
      timing = new FakeTiming();
      let queries = 0;
      const lookups = new Lookups({
        ...direct,
        ...lists(async () => ({ body: undefined, ageMs: 30_000 })),
        budget: budget(),
        freshMs: 60_000,
        timing,
        query: async () => {
          queries++;
          return { rows: [], billed: price * MIB };
        },
      });
      const ages: number[] = [];
      const seconds = 7_200;
      for (let second = 0; second < seconds; second++) {
        for (const id of ['a', 'b']) ages.push((await lookups.find(`${id}-${second}`)).freshness.ageMs);
        timing.advance(1_000);
      }
      // The last query may exceed the budget.
      const MiB = timing.now() / 500 + 7_200;
      expect(queries * price).toBeLessThanOrEqual(MiB + price);
      expect(queries * price).toBeGreaterThan(Math.min(MiB, 2 * seconds * price) - 2 * price);
      // In between, the list answers, with its age.
      expect(ages.filter((age) => age === 30_000).length).toBe(ages.length - queries);
      expect(timing.waits.length).toBe(queries);
    }
  });

  it('are refused a budget that is not above 0, by a message that names it', () => {
    for (const bytes of [0, -1, Number.NaN])
      expect(() => new QueryBudget(bytes, () => timing.now())).toThrow(`a budget of ${bytes} bytes a month`);
  });

  it('are answered from the list, made if needed, when others spend the budget meanwhile', async () => {
    for (const there of [true, false]) {
      const slow = Promise.withResolvers<ListedRecord | undefined>();
      const asked: [string, boolean][] = [];
      let queries = 0;
      const lookups = new Lookups({
        ...direct,
        ...lists((id, needed) => {
          asked.push([id, needed]);
          if (id === 'slow' && !needed) return slow.promise;
          return Promise.resolve(there || needed ? { body: undefined, ageMs: 30_000 } : undefined);
        }),
        budget: budget(),
        freshMs: 60_000,
        timing,
        query: async () => {
          queries++;
          return { rows: [], billed: 8_192 * MIB };
        },
      });
      const found = lookups.find('slow');
      expect((await lookups.find('spender')).freshness.ageMs).toBe(0);
      slow.resolve(there ? { body: undefined, ageMs: 30_000 } : undefined);
      expect((await found).freshness.ageMs).toBe(30_000);
      expect((await lookups.find('later')).freshness.ageMs).toBe(30_000);
      expect(queries).toBe(1);
      expect(asked.filter(([id]) => id === 'slow').map(([, needed]) => needed)).toEqual(
        there ? [false] : [false, true],
      );
    }
  });

  it('spend no budget on queries that were not sent or were refused', async () => {
    let error = new WarehouseError('unavailable', 'none', '');
    let billed = 0;
    const lookups = new Lookups({
      ...direct,
      budget: budget(bytesPerMonth / 50),
      freshMs: 60_000,
      timing,
      query: async () => {
        if (billed > 0) return { rows: [], billed };
        throw error;
      },
    });
    for (const [kind, reason] of [
      ['unavailable', 'circuitOpen'],
      ['unavailable', 'ECONNREFUSED'],
      ['busy', 'rateLimitExceeded'],
      ['refused', 'accessDenied'],
    ] as const) {
      error = new WarehouseError(kind, reason, '');
      // Fifteen would spend the saved budget.
      for (let n = 0; n < 20; n++) await expect(lookups.find(`${reason}-${n}`)).rejects.toBe(error);
    }
    billed = 10 * MIB;
    for (let n = 0; n < 15; n++) expect((await lookups.find(`asked-${n}`)).body).toBeUndefined();
    await expect(lookups.find('one more')).rejects.toMatchObject({ reason: 'lookupBudget' });
  });

  it('are refused with the time to wait when neither a query nor the list can answer in time', async () => {
    const asked: boolean[] = [];
    const lookups = new Lookups({
      ...direct,
      ...lists(async (_id, needed) => {
        asked.push(needed);
        return undefined;
      }),
      budget: budget(),
      freshMs: 60_000,
      timing,
      query: async () => ({ rows: [], billed: 8_000 * MIB }),
    });
    await lookups.find('first');
    await expect(lookups.find('second')).rejects.toMatchObject({
      kind: 'busy',
      reason: 'lookupBudget',
      // Half a second per MiB of debt, minus the elapsed time.
      retryAfterMs: (8_000 - 7_200) * 500 - 2,
    });
    // The list was tried for it.
    expect(asked).toEqual([false, true]);
  });

  it('keep failing while BigQuery refuses, so that the list does not hide a lost grant', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    await app.inject({ url: '/records' });
    table.front.fault = (call) =>
      table.front.calls[call - 1]?.endsWith('/queries') ? googleError(403, 'accessDenied') : undefined;
    for (let n = 0; n < 30; n++) {
      expectProblem(await app.inject({ url: `/records/nobody-${n}` }), 'internal-error');
      timing.advance(1_000);
    }
  });

  it('make the list and are answered from it when the query budget is spent', async () => {
    // 144 MiB an hour.
    const variables = { LOOKUP_GIB_PER_MONTH: '101' };
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing, variables });
    const queries = () => table.front.calls.filter((call) => call.endsWith('/queries')).length;
    for (let n = 0; n < 30; n++)
      expectProblem(await app.inject({ url: `/records/nobody-${n}` }), 'record-not-found');
    // The last query exceeds the hour's budget.
    expect(queries()).toBe(15);
    expect(scans()).toBe(16);
    expect((await app.inject({ url: '/records/r7' })).json()).toEqual(record('r7'));
    expect(scans()).toBe(16);
  });

  it('use a query when the result of the list is gone', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing, blockCacheBytes: 1 });
    await app.inject({ url: '/records' });
    table.front.fault = () =>
      table.front.calls.at(-1)?.endsWith('/data') ? googleError(404, 'notFound') : undefined;
    expect((await app.inject({ url: '/records/r7' })).json()).toEqual(record('r7'));
  });

  it('are cached for a freshness window, and for five seconds when there is no record', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const ask = async () => {
      const found = await app.inject({ url: '/records/r7' });
      expectProblem(await app.inject({ url: '/records/nobody' }), 'record-not-found');
      return found.headers;
    };
    const first = await ask();
    expect(first).toMatchObject({ age: '0', etag: expect.stringMatching(/^"[\w-]{22}"$/) });
    timing.advance(4_000);
    await ask();
    expect(scans()).toBe(2);
    timing.advance(1_000);
    await ask();
    expect(scans()).toBe(3);
    timing.advance(54_000);
    expect(await ask()).toMatchObject({ age: '59', etag: first.etag });
    expect(scans()).toBe(4);
    timing.advance(1_000);
    expect(await ask()).toMatchObject({ age: '0', etag: first.etag });
    expect(scans()).toBe(5);

    await table.append([record('nobody')]);
    timing.advance(5_000);
    expect((await app.inject({ url: '/records/nobody' })).json()).toEqual(record('nobody'));
  });

  it('give 304 for an unchanged record', async () => {
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const { headers } = await app.inject({ url: '/records/r7' });
    const again = await app.inject({
      url: '/records/r7',
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', headers.etag]);
    expect(scans()).toBe(1);
  });

  it('cache a bounded number of answers, and no failure', async () => {
    let queries = 0;
    const lookups = new Lookups({
      ...direct,
      budget: budget(),
      freshMs: 60_000,
      timing,
      query: async (asked) => {
        queries++;
        if (asked.includes('fails') && queries === 1) throw new Error('once');
        return { rows: [], billed: 0 };
      },
    });
    await expect(lookups.find('fails')).rejects.toThrow('once');
    await lookups.find('fails');
    await lookups.find('first');
    expect(queries).toBe(3);
    for (let chunk = 0; chunk < 4; chunk++) {
      await Promise.all(Array.from({ length: 5_000 }, (_, n) => lookups.find(`other-${chunk}-${n}`)));
    }
    await lookups.find('first');
    expect(queries).toBe(24);
  });

  it('are refused at once above the limit of pending ids, and the others are answered', async () => {
    const lookups = new Lookups({
      ...direct,
      budget: budget(),
      freshMs: 60_000,
      timing,
      query: async () => ({ rows: [], billed: 0 }),
    });
    const asked = Array.from({ length: 5_001 }, (_, n) => lookups.find(`id-${n}`));
    const settled = await Promise.allSettled(asked);
    expect(settled.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { kind: 'busy', reason: 'tooManyLookups', retryAfterMs: 1_000 } },
    ]);
  });
});

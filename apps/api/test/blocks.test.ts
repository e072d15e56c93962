import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WarehouseError } from '../src/warehouse/errors.ts';
import { isBefore, type LeftOut } from '../src/warehouse/lists/block.ts';
import { Blocks, type BlocksOptions } from '../src/warehouse/lists/blocks.ts';
import { Delta } from '../src/warehouse/lists/delta.ts';
import { MergedRows } from '../src/warehouse/lists/merged-rows.ts';
import { BLOCK_ROWS } from '../src/warehouse/lists/sorted-rows.ts';
import type { RawRow } from '../src/warehouse/record-json.ts';
import type { Cells } from '../src/warehouse/warehouse.ts';
import { codePoint } from './support/code-point.ts';

const cellsOf = (id: string): Cells => [id, 'Ana', 'Pérez', 'Chile'];
const rowOf = (id: string): RawRow => ({ f: cellsOf(id).map((v) => ({ v })) });
const inOrder = (ids: Iterable<string>) => [...new Set(ids)].sort((a, b) => (isBefore(a, b) ? -1 : 1));
const numbered = (length: number) => Array.from({ length }, (_, n) => String(n).padStart(6, '0'));
const tableOf = (tableId: string) => ({ projectId: 'p', datasetId: 'd', tableId });

/** Tables of these rows, each a list of its own, and the start of every range that is read. */
function blocksOf(
  tables: Readonly<Record<string, readonly RawRow[]>>,
  { cacheBytes = 10_000_000, ...options }: Partial<BlocksOptions> & { readonly cacheBytes?: number } = {},
) {
  const reads: number[] = [];
  const blocks = new Blocks({
    listRows: async ({ tableId }, { startIndex, maxResults }) => {
      reads.push(startIndex);
      const rows = tables[tableId] ?? [];
      return { rows: rows.slice(startIndex, startIndex + maxResults), totalRows: rows.length };
    },
    maxBytes: cacheBytes,
    ...options,
  });
  const open = (...names: string[]) => blocks.open(names.join('+'), names.map(tableOf));
  return { blocks, reads, open };
}

const idsOf = (page: unknown): string[] => JSON.parse(String(page)).map(({ id }: { id: string }) => id);
const deltaOf = (ids: readonly string[]) =>
  Delta.of(
    (async function* () {
      for (let at = 0; at < ids.length; at += 7) yield ids.slice(at, at + 7).map(cellsOf);
    })(),
  );
const allOf = async (rows: AsyncGenerator<readonly Cells[], void>) => {
  const ids: (string | null | undefined)[] = [];
  for await (const chunk of rows) ids.push(...chunk.map(([id]) => id));
  return ids;
};

describe('the blocks of a list', () => {
  it('serve any page of one table or of several', async () => {
    const ids = numbered(3_456);
    const { open } = blocksOf({
      all: ids.map(rowOf),
      a: ids.slice(0, 1_200).map(rowOf),
      empty: [],
      b: ids.slice(1_200, 1_201).map(rowOf),
      c: ids.slice(1_201).map(rowOf),
    });
    const lists = [await open('all'), await open('a', 'empty', 'b', 'c')];
    await fc.assert(
      fc.asyncProperty(fc.nat(3_600), fc.integer({ min: 1, max: 1_000 }), async (offset, limit) => {
        for (const list of lists) {
          const page = await new MergedRows(list, Delta.none).page({ offset, limit });
          expect(idsOf(page)).toEqual(ids.slice(offset, offset + limit));
        }
      }),
    );
    for (const list of lists) expect(await allOf(list.rows())).toEqual(ids);
  });

  it('take no more memory than allowed for a list of any length, and are read again after eviction', async () => {
    const cacheBytes = 300_000;
    const { blocks, reads, open } = blocksOf({ t: numbered(20_500).map(rowOf) }, { cacheBytes });
    const list = new MergedRows(await open('t'), Delta.none);
    for (let offset = 0; offset < 20_500; offset += 100) {
      await list.page({ offset, limit: 100 });
      expect(blocks.size).toBeLessThanOrEqual(cacheBytes);
    }
    expect(blocks.size).toBeGreaterThan(cacheBytes / 2);
    expect(reads).toHaveLength(21);
    await list.page({ offset: 0, limit: 100 });
    expect(reads).toHaveLength(22);
  });

  it('give other requests a turn after each thousand rows that are read', async () => {
    const { open } = blocksOf({ t: numbered(20_500).map(rowOf) });
    const list = await open('t');
    let [turns, isOver] = [0, false];
    const others = (async () => {
      for (; !isOver; turns++) await new Promise(setImmediate);
    })();
    const most = { rows: 0, turn: 0 };
    let inTurn = 0;
    for await (const { length } of list.rows()) {
      inTurn = most.turn === turns ? inTurn + length : length;
      Object.assign(most, { turn: turns, rows: Math.max(most.rows, inTurn) });
    }
    isOver = true;
    await others;
    expect(most.rows).toBe(BLOCK_ROWS);
  });

  it('are read once for concurrent requests', async () => {
    const { reads, open } = blocksOf({ t: numbered(2_000).map(rowOf) });
    const list = new MergedRows(await open('t'), Delta.none);
    await Promise.all(Array.from({ length: 50 }, (_, n) => list.page({ offset: 1_000 + n, limit: 10 })));
    expect(reads).toEqual([0, 999]);
  });

  it('are refused when the table has changed', async () => {
    const rows = numbered(2_000).map(rowOf);
    let extra = 0;
    const { open } = blocksOf(
      {},
      {
        listRows: async (_table, { startIndex, maxResults }) => ({
          rows: rows.slice(startIndex, startIndex + maxResults),
          totalRows: rows.length + extra,
        }),
      },
    );
    const list = new MergedRows(await open('t'), Delta.none);
    extra = 1;
    await expect(list.page({ offset: 1_500, limit: 10 })).rejects.toMatchObject({ reason: 'malformedReply' });
  });

  it('are read in halves when one reply cannot hold their rows', async () => {
    const rows = numbered(1_500).map(rowOf);
    const { open } = blocksOf(
      {},
      {
        listRows: async (_table, { startIndex, maxResults }) => {
          if (maxResults > 300) throw new WarehouseError('refused', 'responseTooLarge', 'too large');
          return { rows: rows.slice(startIndex, startIndex + maxResults), totalRows: rows.length };
        },
      },
    );
    const list = new MergedRows(await open('t'), Delta.none);
    expect(idsOf(await list.page({ offset: 900, limit: 500 }))).toEqual(numbered(1_500).slice(900, 1_400));
  });
});

describe('a row that a list cannot serve', () => {
  /** The pages of a list of these rows, and the rows left out. */
  const served = async (rows: readonly RawRow[]) => {
    const leftOut: LeftOut[] = [];
    const { open } = blocksOf({ t: rows }, { onLeftOut: (row) => leftOut.push(row) });
    const list = new MergedRows(await open('t'), Delta.none);
    const pages: string[] = [];
    for (let offset = 0; offset < list.total; offset += 400)
      pages.push(...idsOf(await list.page({ offset, limit: 400 })));
    return { pages, exported: await allOf(list.rows()), leftOut };
  };

  it.each([0, 1, 500, 998, 999, 1_000, 1_001, 1_999, 2_499])(
    'is left out and named, wherever it is: the rest is served (row %d)',
    async (place) => {
      const ids = numbered(2_500);
      const without = ids.filter((_, n) => n !== place);
      for (const stray of ['zzz', '!']) {
        const rows = ids.map((id, n) => rowOf(n === place ? stray : id));
        // In order at this end of the list.
        if ((stray === 'zzz' && place === 2_499) || (stray === '!' && place === 0)) continue;
        const { pages, exported, leftOut } = await served(rows);
        expect(pages).toEqual(without);
        expect(exported).toEqual(without);
        expect(leftOut.map(({ id, reason }) => [id, reason])).toContainEqual([stray, 'notOrdered']);
      }
      const emptied = ids.map((id, n) =>
        n === place ? { f: [{ v: id }, { v: null }, { v: null }, { v: null }] } : rowOf(id),
      );
      const { pages, leftOut } = await served(emptied);
      expect(pages).toEqual(without);
      expect(leftOut).toContainEqual(expect.objectContaining({ id: ids[place], reason: 'tooLong' }));
    },
  );

  it.each([
    ['hold an id twice', ['a', 'b', 'b', 'c'], ['a', 'b', 'c']],
    ['are in the order of UTF-16', ['a', '\u{1f469}', '\uff21', '\uff22'], ['a', '\uff21', '\uff22']],
  ])('is left out where rows %s', async (_, ids, expected) => {
    expect((await served(ids.map(rowOf))).pages).toEqual(expected);
  });
});

describe('a base and a delta', () => {
  it('are one list: any page, all rows, and every record by id', async () => {
    const id = fc.string({ unit: codePoint, minLength: 1, maxLength: 3 }).map((text) => text.toWellFormed());
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(id, { minLength: 30, maxLength: 400 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(99),
        fc.integer({ min: 1, max: 200 }),
        async (some, tenths, percent, limit) => {
          const isNew = (text: string) => hash(text) % 10 < tenths;
          const offset = Math.floor((some.length * percent) / 100);
          const [all, added] = [inOrder(some), inOrder(some.filter(isNew))];
          const { open } = blocksOf({ t: inOrder(some.filter((text) => !isNew(text))).map(rowOf) });
          const list = new MergedRows(await open('t'), await deltaOf(added));
          expect(list.total).toBe(all.length);
          expect(idsOf(await list.page({ offset, limit }))).toEqual(all.slice(offset, offset + limit));
          expect(await allOf(list.rows())).toEqual(all);
        },
      ),
    );
  });

  it.each([
    ['evenly', () => randomUUID()],
    ['at the end', (n: number) => `z${String(n).padStart(6, '0')}`],
    ['at the beginning', (n: number) => `!${String(n).padStart(6, '0')}`],
    ['in one place', (n: number) => `8${String(n).padStart(6, '0')}`],
  ])('of many blocks give every page in few reads when new ids come %s', async (_, idOf) => {
    const old = inOrder(Array.from({ length: 64 * BLOCK_ROWS }, () => randomUUID()));
    const added = inOrder(Array.from({ length: 20_000 }, (_, n) => idOf(n)));
    const all = inOrder([...old, ...added]);
    const { open, reads } = blocksOf({ t: old.map(rowOf) }, { cacheBytes: 1 });
    const list = new MergedRows(await open('t'), await deltaOf(added));
    for (let offset = 0; offset < all.length; offset += 3_571) {
      const before = reads.length;
      expect(idsOf(await list.page({ offset, limit: 100 }))).toEqual(all.slice(offset, offset + 100));
      expect(reads.length - before).toBeLessThanOrEqual(2 * Math.log2(64) + 2);
    }
  });
});

describe('the search for a record', () => {
  it('finds every existing id and no other, in the order of UTF-8', async () => {
    const id = fc.string({ unit: codePoint, minLength: 1, maxLength: 4 }).map((text) => text.toWellFormed());
    const some = fc.sample(id, 3 * BLOCK_ROWS);
    const there = inOrder(some.filter((_, index) => index % 2 === 0));
    const { open } = blocksOf({ one: there.map(rowOf), none: [] });
    const list = await open('one');
    const known = new Set(there);
    for (const wanted of some) {
      const found = await list.find(wanted);
      expect(found && JSON.parse(found.toString()).id).toBe(known.has(wanted) ? wanted : undefined);
    }
    expect(await (await open('none')).find('a')).toBeUndefined();
  });

  it('reads few blocks at first, then mostly one, and none between blocks', async () => {
    const ids = inOrder(Array.from({ length: 16 * BLOCK_ROWS }, () => randomUUID()));
    const { open, reads } = blocksOf({ one: ids.map(rowOf) }, { cacheBytes: 1 });
    const list = await open('one');
    const pick = (n: number) => ids[(n * 7_919) % ids.length] ?? '';
    for (let n = 0; n < 100; n++) {
      const before = reads.length;
      expect(await list.find(pick(n))).toBeDefined();
      expect(reads.length - before).toBeLessThanOrEqual(Math.ceil(Math.log2(16)) + 1);
    }
    const warm = reads.length;
    for (let n = 100; n < 150; n++) await list.find(pick(n));
    expect(reads.length - warm).toBeLessThanOrEqual(55);
    const between = reads.length;
    expect(await list.find(`${ids[5 * BLOCK_ROWS - 1]}x`)).toBeUndefined();
    expect(reads.length).toBe(between);
  });

  it.each([
    ['random in hexadecimal', () => randomUUID()],
    ['random in letters of both cases', () => randomBytes(9).toString('base64url')],
    ['numbered', (n: number) => `customer-2026-${String(n * 7).padStart(7, '0')}`],
  ])('finds the first requested id in three reads among ids that are %s', async (_, idOf) => {
    const ids = inOrder(Array.from({ length: 64 * BLOCK_ROWS }, (_, n) => idOf(n)));
    for (const block of [1, 17, 29, 40, 62]) {
      const { open, reads } = blocksOf({ one: ids.map(rowOf) });
      const list = await open('one');
      const before = reads.length;
      expect(await list.find(ids[block * BLOCK_ROWS + 321] ?? '')).toBeDefined();
      expect(reads.length - before).toBeLessThanOrEqual(3);
    }
  });

  it('bisects with every second read when ids are spread as unevenly as possible', async () => {
    const ids = inOrder(
      Array.from(
        { length: 64 * BLOCK_ROWS },
        (_, n) => `${'z'.repeat(n >> 11)}a${String(n).padStart(6, '0')}`,
      ),
    );
    const { open, reads } = blocksOf({ one: ids.map(rowOf) }, { cacheBytes: 1 });
    const list = await open('one');
    for (let n = 0; n < ids.length; n += 4_321) {
      const before = reads.length;
      expect(await list.find(ids[n] ?? '')).toBeDefined();
      expect(reads.length - before).toBeLessThanOrEqual(2 * Math.log2(64) + 2);
    }
  });

  it('learns from every read, for a page or for the whole list', async () => {
    const ids = inOrder(Array.from({ length: 8 * BLOCK_ROWS }, () => randomUUID()));
    const { open, reads } = blocksOf({ one: ids.map(rowOf) }, { cacheBytes: 1 });
    const list = await open('one');
    for await (const rows of list.rows()) expect(rows.length).toBeGreaterThan(0);
    for (let n = 0; n < 20; n++) {
      const before = reads.length;
      expect(await list.find(ids[(n * 7_919) % ids.length] ?? '')).toBeDefined();
      expect(reads.length - before).toBeLessThanOrEqual(1);
    }
    const before = reads.length;
    for (let block = 1; block <= 8; block++)
      expect(await list.find(`${ids[block * BLOCK_ROWS - 1]}x`)).toBeUndefined();
    expect(await list.find('nobody')).toBeUndefined();
    expect(reads.length).toBe(before);
  });
});

it("orders ids by their UTF-8 bytes, which is BigQuery's order", () => {
  const text = fc.string({ unit: codePoint, maxLength: 3 }).map((value) => value.toWellFormed());
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(isBefore(a, b)).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0);
    }),
    { numRuns: 2_000 },
  );
  expect([isBefore(null, ''), isBefore('', null), isBefore(null, null)]).toEqual([true, false, false]);
});

function hash(text: string): number {
  return [...text].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003, 7);
}

import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RawRow } from '../src/warehouse/record-json.ts';
import { isBefore } from '../src/warehouse/snapshots/block.ts';
import { BLOCK_ROWS, Blocks } from '../src/warehouse/snapshots/blocks.ts';
import { Search } from '../src/warehouse/snapshots/search.ts';
import { codePoint } from './support/code-point.ts';

const TABLE = { projectId: 'p', datasetId: 'd', tableId: 't' };

const rowOf = (id: string): RawRow => ({ f: [id, 'Ana', 'Pérez', 'Chile'].map((v) => ({ v })) });
const inOrder = (ids: Iterable<string>) => [...new Set(ids)].sort((a, b) => (isBefore(a, b) ? -1 : 1));

/** Result tables with these ids, a search over them, and the number of blocks read. */
function resultsOf(results: ReadonlyMap<string, readonly string[]>, cacheBytes = 1) {
  let reads = 0;
  const search = new Search((snapshot, index) => blocks.block(snapshot, index));
  const blocks = new Blocks({
    listRows: async ({ tableId }, { startIndex, maxResults }) => {
      reads++;
      const ids = results.get(tableId) ?? [];
      return { rows: ids.slice(startIndex, startIndex + maxResults).map(rowOf), totalRows: ids.length };
    },
    maxBytes: cacheBytes,
    onRead: (token, bounds) => search.note(token, bounds),
  });
  const open = async (name: string) => {
    const snapshot = await blocks.open(name, { ...TABLE, tableId: name });
    search.follow(snapshot);
    return snapshot;
  };
  return {
    search,
    blocks,
    open,
    readsSince: (before: number) => reads - before,
    reads: () => reads,
  };
}

describe('the search for a record in a snapshot', () => {
  it('finds every existing id and no other, in the order of UTF-8', async () => {
    const id = fc.string({ unit: codePoint, minLength: 1, maxLength: 4 }).map((text) => text.toWellFormed());
    const some = fc.sample(id, 3 * BLOCK_ROWS);
    const there = inOrder(some.filter((_, index) => index % 2 === 0));
    const { search, open } = resultsOf(new Map([['one', there]]), 10_000_000);
    const snapshot = await open('one');
    const known = new Set(there);
    for (const wanted of some) {
      const found = await search.find(snapshot, wanted);
      expect(found && JSON.parse(found.toString()).id).toBe(known.has(wanted) ? wanted : undefined);
    }
    const empty = resultsOf(new Map([['empty', []]]));
    expect(await empty.search.find(await empty.open('empty'), 'a')).toBeUndefined();
  });

  it('reads few blocks at first, then mostly one, none between blocks, and one or two in the next snapshot', async () => {
    const ids = inOrder(Array.from({ length: 16 * BLOCK_ROWS }, () => randomUUID()));
    const later = inOrder([...ids, ...Array.from({ length: 50 }, () => randomUUID())]);
    const { search, open, reads, readsSince } = resultsOf(
      new Map([
        ['first', ids],
        ['next', later],
      ]),
    );
    const first = await open('first');
    const pick = (n: number) => ids[(n * 7_919) % ids.length] ?? '';
    for (let n = 0; n < 100; n++) {
      const before = reads();
      expect(await search.find(first, pick(n))).toBeDefined();
      expect(readsSince(before)).toBeLessThanOrEqual(Math.ceil(Math.log2(16)) + 1);
    }
    const warm = reads();
    for (let n = 100; n < 150; n++) await search.find(first, pick(n));
    expect(readsSince(warm)).toBeLessThanOrEqual(55);
    const between = reads();
    expect(await search.find(first, `${ids[5 * BLOCK_ROWS - 1]}x`)).toBeUndefined();
    expect(readsSince(between)).toBe(0);
    const next = await open('next');
    const renewed = reads();
    for (let n = 0; n < 50; n++) expect(await search.find(next, pick(n))).toBeDefined();
    expect(readsSince(renewed)).toBeLessThanOrEqual(100);
  });

  it.each([
    ['random in hexadecimal', () => randomUUID()],
    ['random in letters of both cases', () => randomBytes(9).toString('base64url')],
    ['numbered', (n: number) => `customer-2026-${String(n * 7).padStart(7, '0')}`],
  ])('finds the first requested id in three reads among ids that are %s', async (_, idOf) => {
    const ids = inOrder(Array.from({ length: 64 * BLOCK_ROWS }, (_, n) => idOf(n)));
    const counts = [1, 17, 29, 40, 62].map(async (block) => {
      const { search, open, reads, readsSince } = resultsOf(new Map([['one', ids]]), 1_000_000);
      const snapshot = await open('one');
      const before = reads();
      const wanted = ids[block * BLOCK_ROWS + 321] ?? '';
      expect(await search.find(snapshot, wanted)).toBeDefined();
      return readsSince(before);
    });
    expect(Math.max(...(await Promise.all(counts)))).toBeLessThanOrEqual(3);
  });

  it('bisects with every second read when ids are spread as unevenly as possible', async () => {
    const ids = inOrder(
      Array.from(
        { length: 64 * BLOCK_ROWS },
        (_, n) => `${'z'.repeat(n >> 11)}a${String(n).padStart(6, '0')}`,
      ),
    );
    const { search, open, reads, readsSince } = resultsOf(new Map([['one', ids]]));
    const snapshot = await open('one');
    for (let n = 0; n < ids.length; n += 4_321) {
      const before = reads();
      expect(await search.find(snapshot, ids[n] ?? '')).toBeDefined();
      expect(readsSince(before)).toBeLessThanOrEqual(2 * Math.log2(64) + 2);
    }
  });

  it('learns from every read of a followed snapshot, for a page or for the whole list', async () => {
    const ids = inOrder(Array.from({ length: 8 * BLOCK_ROWS }, () => randomUUID()));
    const { search, blocks, open, reads, readsSince } = resultsOf(new Map([['one', ids]]));
    const snapshot = await open('one');
    await blocks.page(snapshot, { limit: 100, offset: 0 });
    for await (const rows of blocks.rows(snapshot)) expect(rows.length).toBeGreaterThan(0);
    for (let n = 0; n < 20; n++) {
      const before = reads();
      expect(await search.find(snapshot, ids[(n * 7_919) % ids.length] ?? '')).toBeDefined();
      expect(readsSince(before)).toBeLessThanOrEqual(1);
    }
    const before = reads();
    for (let block = 1; block <= 8; block++)
      expect(await search.find(snapshot, `${ids[block * BLOCK_ROWS - 1]}x`)).toBeUndefined();
    expect(await search.find(snapshot, 'nobody')).toBeUndefined();
    expect(readsSince(before)).toBe(0);
  });

  it('still finds records in a snapshot that is no longer followed', async () => {
    const ids = inOrder(Array.from({ length: 4 * BLOCK_ROWS }, () => randomUUID()));
    const { search, open } = resultsOf(new Map(['one', 'two', 'three'].map((name) => [name, ids])));
    const first = await open('one');
    await open('two');
    await open('three');
    expect(await search.find(first, ids[3_210] ?? '')).toBeDefined();
    expect(await search.find(first, 'nobody')).toBeUndefined();
  });
});

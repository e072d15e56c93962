import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RawRow } from '../src/warehouse/record-json.ts';
import { isBefore } from '../src/warehouse/snapshots/block.ts';
import { Blocks, type ListRows } from '../src/warehouse/snapshots/blocks.ts';
import { codePoint } from './support/code-point.ts';

const TABLE = { projectId: 'p', datasetId: 'd', tableId: 't' };
const BLOCK_CACHE_BYTES = 300_000;

const rowOf = (n: number): RawRow => ({
  f: [String(n).padStart(6, '0'), 'Ana', 'Pérez', 'Chile'].map((v) => ({ v })),
});

/** A result table of these rows, and the start of each range that is read from it. */
function resultOf(rows: readonly RawRow[]) {
  const reads: number[] = [];
  const listRows: ListRows = async (_table, { startIndex, maxResults }) => {
    reads.push(startIndex);
    return { rows: rows.slice(startIndex, startIndex + maxResults), totalRows: rows.length };
  };
  return { reads, listRows };
}

const resultOfLength = (length: number) => resultOf(Array.from({ length }, (_, n) => rowOf(n)));

const page = async (
  blocks: Blocks,
  snapshot: Awaited<ReturnType<Blocks['open']>>,
  offset: number,
  limit: number,
) =>
  JSON.parse(String(await blocks.page(snapshot, { offset, limit }))).map(({ id }: { id: string }) =>
    Number(id),
  );

describe('the blocks of a snapshot', () => {
  it('serve any page', async () => {
    const { listRows } = resultOfLength(3_456);
    const blocks = new Blocks({ listRows, maxBytes: 10_000_000 });
    const snapshot = await blocks.open('t', TABLE);
    await fc.assert(
      fc.asyncProperty(fc.nat(3_600), fc.integer({ min: 1, max: 1_000 }), async (offset, limit) => {
        const end = Math.min(offset + limit, 3_456);
        const expected = Array.from({ length: Math.max(0, end - offset) }, (_, n) => offset + n);
        expect(await page(blocks, snapshot, offset, limit)).toEqual(expected);
      }),
    );
  });

  it('take no more memory than allowed for a list of any length, and are read again after eviction', async () => {
    const { listRows, reads } = resultOfLength(20_500);
    const blocks = new Blocks({ listRows, maxBytes: BLOCK_CACHE_BYTES });
    const snapshot = await blocks.open('t', TABLE);
    for (let offset = 0; offset < 20_500; offset += 100) {
      await blocks.page(snapshot, { offset, limit: 100 });
      expect(blocks.size).toBeLessThanOrEqual(BLOCK_CACHE_BYTES);
    }
    expect(blocks.size).toBeGreaterThan(BLOCK_CACHE_BYTES / 2);
    expect(reads).toHaveLength(21);
    await blocks.page(snapshot, { offset: 0, limit: 100 });
    expect(reads).toHaveLength(22);
  });

  it('are read once for concurrent requests', async () => {
    const { listRows, reads } = resultOfLength(2_000);
    const blocks = new Blocks({ listRows, maxBytes: BLOCK_CACHE_BYTES });
    const snapshot = await blocks.open('t', TABLE);
    await Promise.all(Array.from({ length: 50 }, (_, n) => page(blocks, snapshot, 1_000 + n, 10)));
    expect(reads).toEqual([0, 999]);
  });

  it('are refused when the order breaks between two of them', async () => {
    const rows = Array.from({ length: 2_000 }, (_, n) => rowOf(n === 999 ? 1_000 : n));
    const blocks = new Blocks({ listRows: resultOf(rows).listRows, maxBytes: BLOCK_CACHE_BYTES });
    const snapshot = await blocks.open('t', TABLE);
    await expect(page(blocks, snapshot, 1_500, 10)).rejects.toMatchObject({ reason: 'notOrdered' });
  });

  it('are refused when the result has changed', async () => {
    const { listRows } = resultOfLength(2_000);
    let extra = 0;
    const blocks = new Blocks({
      listRows: async (...call) => {
        const rowsPage = await listRows(...call);
        return { ...rowsPage, totalRows: rowsPage.totalRows + extra };
      },
      maxBytes: BLOCK_CACHE_BYTES,
    });
    const snapshot = await blocks.open('t', TABLE);
    extra = 1;
    await expect(page(blocks, snapshot, 1_500, 10)).rejects.toMatchObject({ reason: 'malformedReply' });
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

import { setImmediate } from 'node:timers/promises';
import type { TableName } from '@records/runtime';
import { LRUCache } from 'lru-cache';
import type { RowRange } from '../bigquery-client.ts';
import { malformedReply, toWarehouseError, WarehouseError } from '../errors.ts';
import { cellsOf, type RawRow } from '../record-json.ts';
import type { RowsPage } from '../replies.ts';
import type { Cells } from '../warehouse.ts';
import { Block, idOf, isBefore, type LeftOut, unservable } from './block.ts';
import { BLOCK_ROWS, type BlockPlace, SortedRows } from './sorted-rows.ts';

/** Blocks read by one call when all rows are read. */
const BLOCKS_AT_ONCE = 5;

export type ListRows = (table: TableName, range: RowRange) => Promise<RowsPage>;

export interface BlocksOptions {
  readonly listRows: ListRows;
  /** For the many calls that open or divide a list; `listRows` by default. */
  readonly listRowsInBackground?: ListRows;
  /** Maximum size of the cache. */
  readonly maxBytes: number;
  /** Called with whether a requested block was in the cache. */
  onAsked?(hit: boolean): void;
  /** Called with each row that a read leaves out. */
  onLeftOut?(row: LeftOut, table: TableName): void;
}

interface CheckedRows {
  readonly rows: readonly RawRow[];
  readonly leftOut: readonly LeftOut[];
}

interface Place {
  readonly list: SortedRows;
  readonly index: number;
}

/** Reads sorted rows in aligned blocks, free of charge, and caches the hot ones. Concurrent requests for a block share one read. */
export class Blocks {
  readonly #options: BlocksOptions;
  readonly #cache: LRUCache<string, Block, Place>;

  constructor(options: BlocksOptions) {
    this.#options = options;
    this.#cache = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: ({ size }) => Math.max(1, size),
      // A block that is evicted while it is read still serves its callers.
      ignoreFetchAbort: true,
      fetchMethod: async (_key, _stale, { context: { list, index } }) =>
        blockOf(await this.#read(list, index, index + 1)),
    });
  }

  /** Bytes in the cache. */
  get size(): number {
    return this.#cache.calculatedSize;
  }

  /** Reads the number of rows of each table, and the first block. Throws WarehouseError: `expired` when a table is gone. */
  async open(token: string, tables: readonly TableName[]): Promise<SortedRows> {
    const { listRows, listRowsInBackground = listRows } = this.#options;
    const pages = await Promise.all(
      tables.map((table, part) =>
        this.#list(
          table,
          { startIndex: 0, maxResults: part === 0 ? BLOCK_ROWS + 1 : 1 },
          listRowsInBackground,
        ),
      ),
    );
    const parts = tables.map((table, part) => ({ table, rows: pages[part]?.totalRows ?? 0 }));
    const list = new SortedRows(this, token, parts);
    const [first] = pages;
    if (first && first.totalRows > 0)
      this.#cache.set(keyOf(list, 0), blockOf(this.#checked(list, 0, 1, first.rows)));
    return list;
  }

  /** Throws like `open`. */
  block(list: SortedRows, index: number): Block | Promise<Block> {
    const key = keyOf(list, index);
    const cached = this.#cache.get(key);
    this.#options.onAsked?.(cached !== undefined);
    return cached ?? this.#cache.forceFetch(key, { context: { list, index } });
  }

  /** The id of a row; '' where it has none. A call of its own: blocks for it would take the place of hot ones. Throws like `open`. */
  async idAt(list: SortedRows, offset: number): Promise<string> {
    const { part, start, offset: first } = list.place(list.blockOf(offset));
    const range = { startIndex: start + offset - first, maxResults: 1 };
    const { rows } = await this.#list(part.table, range, this.#options.listRowsInBackground);
    return rows[0]?.f[0]?.v ?? '';
  }

  /**
   * All rows in order, a few blocks read by one call, with the next read in progress. Uses cached blocks but caches none: reading a whole
   * list must not evict hot blocks. Other requests get a turn before each piece, because its rows are worth milliseconds of work.
   */
  async *rows(list: SortedRows): AsyncGenerator<readonly Cells[], void> {
    let next = 0;
    const readNext = () => {
      if (next >= list.blocks) return undefined;
      const first = next;
      next = Math.min(first + BLOCKS_AT_ONCE, list.blocks);
      const { part } = list.place(first);
      while (list.place(next - 1).part.table !== part.table) next--;
      const cells = this.#cells(list, first, next);
      // Rethrown below, if its turn comes.
      cells.catch(() => {});
      return cells;
    };
    for (let reading = readNext(); reading; ) {
      const rows = await reading;
      reading = readNext();
      for (let at = 0; at < rows.length; at += BLOCK_ROWS) {
        await setImmediate();
        yield rows.slice(at, at + BLOCK_ROWS);
      }
    }
  }

  /**
   * The record with this id as JSON; undefined when there is none. Alternates interpolation and bisection over the known bounds of blocks: at
   * most 2·log2(n) + 2 reads of n blocks, two or three for evenly spread ids, and none or one once bounds are known.
   */
  async find(list: SortedRows, id: string): Promise<Buffer | undefined> {
    const { bounds } = list;
    let { from, to } = bounds.narrow(id);
    // Without a known block above, the last one shows where the ids end.
    let next = from > 0 && to === list.blocks - 1 ? to : bounds.guess(id, { from, to });
    for (let reads = 1; from <= to; reads++) {
      const block = await this.block(list, next);
      const [first, last] = [block.idAt(0), block.idAt(block.length - 1)];
      const isBelow = isBefore(id, first);
      if (!isBelow && !isBefore(last, id)) return block.find(id);
      // Combines what other searches noted with this block, which may not have been noted for lack of room.
      const known = bounds.narrow(id);
      from = Math.max(known.from, isBelow ? from : next + 1);
      to = Math.min(known.to, isBelow ? next - 1 : to);
      // From the third on, every second read bisects.
      const bisects = reads > 2 && reads % 2 === 1;
      next = bisects ? (from + to) >>> 1 : bounds.guess(id, { from, to });
    }
    return undefined;
  }

  /** The rows of the blocks of one part from `first` to below `last`. */
  async #cells(list: SortedRows, first: number, last: number): Promise<readonly Cells[]> {
    const cached: Block[] = [];
    for (let index = first; index < last; index++) {
      const block = this.#cache.peek(keyOf(list, index));
      if (block) cached.push(block);
    }
    if (cached.length === last - first) return cached.flatMap(cellsOfBlock);
    const { rows, leftOut } = await this.#read(list, first, last);
    const holes = new Set(leftOut.map(({ index }) => index));
    return rows.filter((_, index) => !holes.has(index)).map(cellsOf);
  }

  /** Reads the blocks of one part from `first` to below `last`. */
  async #read(list: SortedRows, first: number, last: number): Promise<CheckedRows> {
    const { part, start } = list.place(first);
    const before = rowsBefore(start);
    // With one row before and one after, to check the order across blocks. The table may end first.
    const maxResults = before + endOf(list.place(last - 1)) - start + 1;
    const { rows, totalRows } = await this.#list(part.table, { startIndex: start - before, maxResults });
    if (totalRows !== part.rows) throw malformedReply(`${totalRows} rows in a table that had ${part.rows}`);
    return this.#checked(list, first, last, rows);
  }

  /** Finds what the blocks leave out, and notes their bounds. */
  #checked(list: SortedRows, first: number, last: number, read: readonly RawRow[]): CheckedRows {
    const { part, start } = list.place(first);
    const before = rowsBefore(start);
    const end = before + endOf(list.place(last - 1)) - start;
    const rows = read.slice(before, end);
    const leftOut = unservable(rows, before === 0 ? undefined : read[0], read[end]);
    for (const row of leftOut) this.#options.onLeftOut?.(row, part.table);
    const holes = new Set(leftOut.map(({ index }) => index));
    for (let index = first; index < last; index++) {
      const place = list.place(index);
      const ids = rows
        .slice(place.start - start, endOf(place) - start)
        .filter((_, at) => !holes.has(place.start - start + at));
      if (ids.length > 0) list.bounds.note({ index, first: idOf(ids[0]), last: idOf(ids.at(-1)) });
    }
    return { rows, leftOut };
  }

  /** Halves a range whose rows are too large for one reply. */
  async #list(table: TableName, range: RowRange, listRows = this.#options.listRows): Promise<RowsPage> {
    try {
      return await listRows(table, range);
    } catch (cause) {
      const error = toWarehouseError(cause);
      if (error.reason === 'responseTooLarge' && range.maxResults > 1) {
        const half = range.maxResults >>> 1;
        const first = await this.#list(table, { ...range, maxResults: half }, listRows);
        const rest = { startIndex: range.startIndex + half, maxResults: range.maxResults - half };
        const second = await this.#list(table, rest, listRows);
        return { rows: [...first.rows, ...second.rows], totalRows: second.totalRows };
      }
      if (error.reason !== 'notFound') throw error;
      throw new WarehouseError('expired', 'notFound', error.message, { cause });
    }
  }
}

function blockOf({ rows, leftOut }: CheckedRows): Block {
  return Block.of(rows.map(cellsOf), leftOut);
}

function rowsBefore(start: number): number {
  return start === 0 ? 0 : 1;
}

function endOf({ start, rows }: BlockPlace): number {
  return start + rows;
}

function cellsOfBlock(block: Block): Cells[] {
  const records: object[] = JSON.parse(`[${block.slice(0, block.length)}]`);
  return records.map(Object.values);
}

function keyOf({ token }: SortedRows, index: number): string {
  return `${token}/${index}`;
}

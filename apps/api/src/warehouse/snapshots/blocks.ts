import type { TableName } from '@records/runtime';
import { LRUCache } from 'lru-cache';
import type { RowRange } from '../bigquery-client.ts';
import { malformedReply, toWarehouseError, WarehouseError } from '../errors.ts';
import { cellsOf, type RawRow } from '../record-json.ts';
import type { RowsPage } from '../replies.ts';
import type { Cells, JsonBytes, PageRange } from '../warehouse.ts';
import { assertOrdered, Block, idOf } from './block.ts';
import type { Bounds } from './block-bounds.ts';

/** As long as the longest page, which therefore spans at most two blocks. */
export const BLOCK_ROWS = 1_000;

/** The result table of a snapshot. */
export interface SnapshotTable {
  readonly token: string;
  readonly table: TableName;
  readonly total: number;
}

/** Blocks read by one call when the whole list is read. */
const BLOCKS_AT_ONCE = 5;

export type ListRows = (table: TableName, range: RowRange) => Promise<RowsPage>;

export interface BlocksOptions {
  readonly listRows: ListRows;
  /** Maximum size of the cache. */
  readonly maxBytes: number;
  /** Called with whether a requested block was in the cache. */
  onAsked?(hit: boolean): void;
  /** Called with the bounds of every block that is read after `open`. */
  onRead?(token: string, bounds: Bounds): void;
}

interface Place {
  readonly snapshot: SnapshotTable;
  readonly index: number;
}

const [OPEN, COMMA, CLOSE] = [Buffer.from('['), Buffer.from(','), Buffer.from(']')];

/** Reads snapshots in aligned blocks, and caches the hot ones. Concurrent requests for a block share one read. */
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
      fetchMethod: async (_key, _stale, { context: { snapshot, index } }) =>
        new Block(await this.#read(snapshot, index * BLOCK_ROWS, BLOCK_ROWS)),
    });
  }

  /** Bytes in the cache. */
  get size(): number {
    return this.#cache.calculatedSize;
  }

  /** Reads the first block, and with it the number of rows. */
  async open(token: string, table: TableName): Promise<SnapshotTable> {
    const { rows, totalRows: total } = await this.#list(table, { startIndex: 0, maxResults: BLOCK_ROWS });
    assertOrdered(rows, 0);
    this.#cache.set(keyOf(token, 0), new Block(rows));
    return { token, table, total };
  }

  /** A JSON array. Throws WarehouseError: `expired` when the result table is gone. */
  async page(snapshot: SnapshotTable, { limit, offset }: PageRange): Promise<JsonBytes> {
    const end = Math.min(offset + limit, snapshot.total);
    if (offset >= end) return '[]';
    const first = Math.floor(offset / BLOCK_ROWS);
    const last = Math.floor((end - 1) / BLOCK_ROWS);
    const indexes = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const blocks = await Promise.all(indexes.map((index) => this.block(snapshot, index)));
    const parts = blocks.flatMap((block, position) => {
      const start = (first + position) * BLOCK_ROWS;
      const part = block.slice(Math.max(offset - start, 0), Math.min(end - start, BLOCK_ROWS));
      return position === 0 ? [part] : [COMMA, part];
    });
    return Buffer.concat([OPEN, ...parts, CLOSE]);
  }

  /**
   * All rows in order, a few blocks at a time, with the next `ahead` reads in progress. Uses cached blocks but caches none: reading a
   * whole list must not evict hot blocks.
   */
  async *rows(snapshot: SnapshotTable, ahead = 1): AsyncGenerator<readonly Cells[], void> {
    const reading: Promise<readonly Cells[]>[] = [];
    const last = Math.ceil(snapshot.total / BLOCK_ROWS);
    let next = 0;
    const readAhead = (count: number) => {
      while (reading.length < count && next < last) {
        const blocks = this.#cells(snapshot, next, Math.min(next + BLOCKS_AT_ONCE, last));
        // Rethrown below, if its turn comes.
        blocks.catch(() => {});
        reading.push(blocks);
        next += BLOCKS_AT_ONCE;
      }
    };
    readAhead(1);
    for (let blocks = reading.shift(); blocks; blocks = reading.shift()) {
      readAhead(ahead);
      yield await blocks;
    }
  }

  /** The rows of the blocks from `first` to below `last`. */
  async #cells(snapshot: SnapshotTable, first: number, last: number): Promise<readonly Cells[]> {
    const cached: Block[] = [];
    for (let index = first; index < last; index++) {
      const block = this.#cache.peek(keyOf(snapshot.token, index));
      if (block) cached.push(block);
    }
    if (cached.length === last - first) return cached.flatMap(cellsOfBlock);
    const rows = await this.#read(snapshot, first * BLOCK_ROWS, (last - first) * BLOCK_ROWS);
    return rows.map(cellsOf);
  }

  /** Throws like `page`. */
  block(snapshot: SnapshotTable, index: number): Block | Promise<Block> {
    const key = keyOf(snapshot.token, index);
    const cached = this.#cache.get(key);
    this.#options.onAsked?.(cached !== undefined);
    return cached ?? this.#cache.forceFetch(key, { context: { snapshot, index } });
  }

  /** `start` is the first row of a block. */
  async #read(snapshot: SnapshotTable, start: number, count: number): Promise<readonly RawRow[]> {
    const { token, table, total } = snapshot;
    // Includes the row before, to check the order across blocks.
    const before = start === 0 ? 0 : 1;
    const range = { startIndex: start - before, maxResults: count + before };
    const { rows, totalRows } = await this.#list(table, range);
    if (totalRows !== total) throw malformedReply(`${totalRows} rows in a result that had ${total}`);
    assertOrdered(rows, range.startIndex);
    const wanted = rows.slice(before);
    for (let at = 0; at < wanted.length; at += BLOCK_ROWS) {
      const last = Math.min(at + BLOCK_ROWS, wanted.length) - 1;
      const index = (start + at) / BLOCK_ROWS;
      this.#options.onRead?.(token, { index, first: idOf(wanted[at]), last: idOf(wanted[last]) });
    }
    return wanted;
  }

  async #list(table: TableName, range: RowRange): Promise<RowsPage> {
    try {
      return await this.#options.listRows(table, range);
    } catch (cause) {
      const error = toWarehouseError(cause);
      if (error.reason !== 'notFound') throw error;
      throw new WarehouseError('expired', 'notFound', error.message, { cause });
    }
  }
}

function cellsOfBlock(block: Block): Cells[] {
  const records: object[] = JSON.parse(`[${block.slice(0, block.length)}]`);
  return records.map(Object.values);
}

function keyOf(token: string, index: number): string {
  return `${token}/${index}`;
}

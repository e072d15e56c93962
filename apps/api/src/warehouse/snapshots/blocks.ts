import type { TableName } from '@records/runtime';
import { LRUCache } from 'lru-cache';
import type { RowRange } from '../bigquery-client.ts';
import { malformedReply, toWarehouseError, WarehouseError } from '../errors.ts';
import { cellsOf, type RawRow } from '../record-json.ts';
import type { RowsPage } from '../replies.ts';
import type { Cells, JsonBytes, PageRange } from '../warehouse.ts';
import { assertOrdered, Block, idOf } from './block.ts';
import type { Bounds } from './block-bounds.ts';

/** The longest page touches two blocks. */
export const BLOCK_ROWS = 1_000;

/** The finished result of a snapshot's query. */
export interface SnapshotTable {
  readonly token: string;
  readonly table: TableName;
  readonly total: number;
}

/** Blocks that are read by one call where all rows are wanted and none kept. */
const BLOCKS_AT_ONCE = 5;

export type ListRows = (table: TableName, range: RowRange) => Promise<RowsPage>;

export interface BlocksOptions {
  readonly listRows: ListRows;
  /** Of the blocks in memory. */
  readonly maxBytes: number;
  /** Told whether a block that was asked for was in memory. */
  onAsked?(hit: boolean): void;
  /** Told of each block that was read after its snapshot was opened, by its token, whatever it was read for. */
  onRead?(token: string, bounds: Bounds): void;
}

const [OPEN, COMMA, CLOSE] = [Buffer.from('['), Buffer.from(','), Buffer.from(']')];

/** Pages of snapshots, cut from aligned blocks of which the hot ones stay in memory. */
export class Blocks {
  readonly #options: BlocksOptions;
  readonly #kept: LRUCache<string, Block>;
  readonly #loading = new Map<string, Promise<Block>>();

  constructor(options: BlocksOptions) {
    this.#options = options;
    this.#kept = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: ({ size }) => Math.max(1, size),
    });
  }

  /** Bytes of the blocks in memory. */
  get size(): number {
    return this.#kept.calculatedSize;
  }

  /** Reads the first block, which says how many rows there are. */
  async open(token: string, table: TableName): Promise<SnapshotTable> {
    const { rows, totalRows: total } = await this.#list(table, { startIndex: 0, maxResults: BLOCK_ROWS });
    assertOrdered(rows, 0);
    this.#kept.set(keyOf(token, 0), new Block(rows));
    return { token, table, total };
  }

  /** A JSON array. Throws WarehouseError; `expired` when the result is gone. */
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
   * All rows, in order, a few blocks at a time, of which the next `ahead` are being read while those before are used. What
   * is in memory is used, and what is not is not kept: reading everything must not drive out what is asked for again.
   */
  async *rows(snapshot: SnapshotTable, ahead = 1): AsyncGenerator<readonly Cells[], void> {
    const reading: Promise<readonly Cells[]>[] = [];
    const last = Math.ceil(snapshot.total / BLOCK_ROWS);
    let next = 0;
    const readAhead = (count: number) => {
      while (reading.length < count && next < last) {
        const blocks = this.#cells(snapshot, next, Math.min(next + BLOCKS_AT_ONCE, last));
        // Heard of when its turn comes, if it does.
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

  /** The rows of the blocks from `first` up to `last`. */
  async #cells(snapshot: SnapshotTable, first: number, last: number): Promise<readonly Cells[]> {
    const kept: Block[] = [];
    for (let index = first; index < last; index++) {
      const block = this.#kept.peek(keyOf(snapshot.token, index));
      if (block) kept.push(block);
    }
    if (kept.length === last - first) return kept.flatMap(cellsOfBlock);
    const rows = await this.#read(snapshot, first * BLOCK_ROWS, (last - first) * BLOCK_ROWS);
    return rows.map(cellsOf);
  }

  /** Of those who want the same block at the same time, one reads it. Throws what `page` throws. */
  block(snapshot: SnapshotTable, index: number): Block | Promise<Block> {
    const key = keyOf(snapshot.token, index);
    const kept = this.#kept.get(key);
    this.#options.onAsked?.(kept !== undefined);
    const known = kept ?? this.#loading.get(key);
    if (known) return known;
    const loading = this.#load(snapshot, index)
      .then((block) => {
        this.#kept.set(key, block);
        return block;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  async #load(snapshot: SnapshotTable, index: number): Promise<Block> {
    return new Block(await this.#read(snapshot, index * BLOCK_ROWS, BLOCK_ROWS));
  }

  /** `start` is that of a block. */
  async #read(snapshot: SnapshotTable, start: number, count: number): Promise<readonly RawRow[]> {
    const { token, table, total } = snapshot;
    // With the row before it, so that the order is proved across blocks, too.
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

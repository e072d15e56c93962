import type { TableName } from '@records/runtime';
import type { Cells } from '../warehouse.ts';
import type { Block } from './block.ts';
import { BlockBounds } from './block-bounds.ts';
import type { Blocks } from './blocks.ts';
import type { BlockSource } from './merged-rows.ts';

/** Rows of a block: as many as the longest page, which therefore spans few blocks. */
export const BLOCK_ROWS = 1_000;

/** A table of rows that are ordered by id. */
export interface Part {
  readonly table: TableName;
  readonly rows: number;
}

interface PlacedPart extends Part {
  /** Of all parts: the index of its first row and of its first block. */
  readonly firstRow: number;
  readonly firstBlock: number;
}

/** Where a block is. */
export interface BlockPlace {
  readonly part: Part;
  /** Index of its first row in the part. */
  readonly start: number;
  readonly rows: number;
  /** Index of its first row in all parts. */
  readonly offset: number;
}

/** Rows ordered by id, in tables of consecutive ranges of ids. Each table is divided into blocks; only its last one may be shorter. */
export class SortedRows implements BlockSource {
  /** Identifies the rows in caches. */
  readonly token: string;
  readonly total: number;
  readonly blocks: number;
  /** The first and last ids of the blocks that were read. */
  readonly bounds: BlockBounds;
  readonly #reader: Blocks;
  readonly #parts: readonly PlacedPart[];

  constructor(reader: Blocks, token: string, parts: readonly Part[]) {
    this.#reader = reader;
    this.token = token;
    const placed: PlacedPart[] = [];
    let [firstRow, firstBlock] = [0, 0];
    for (const part of parts) {
      placed.push({ ...part, firstRow, firstBlock });
      firstRow += part.rows;
      firstBlock += Math.ceil(part.rows / BLOCK_ROWS);
    }
    this.#parts = placed;
    this.total = firstRow;
    this.blocks = firstBlock;
    this.bounds = new BlockBounds(firstBlock);
  }

  get tables(): readonly TableName[] {
    return this.#parts.map(({ table }) => table);
  }

  block(index: number): Block | Promise<Block> {
    return this.#reader.block(this, index);
  }

  /** The id of a row, read in the background; `offset` is below `total`. '' where the row has none. */
  idAt(offset: number): Promise<string> {
    return this.#reader.idAt(this, offset);
  }

  rows(): AsyncGenerator<readonly Cells[], void> {
    return this.#reader.rows(this);
  }

  find(id: string): Promise<Buffer | undefined> {
    return this.#reader.find(this, id);
  }

  /** The block that holds the row; `offset` is below `total`. */
  blockOf(offset: number): number {
    const part = this.#last(({ firstRow }) => firstRow <= offset);
    return part.firstBlock + Math.floor((offset - part.firstRow) / BLOCK_ROWS);
  }

  /** `block` is below `blocks`. */
  place(block: number): BlockPlace {
    const part = this.#last(({ firstBlock }) => firstBlock <= block);
    const start = (block - part.firstBlock) * BLOCK_ROWS;
    return {
      part,
      start,
      rows: Math.min(BLOCK_ROWS, part.rows - start),
      offset: part.firstRow + start,
    };
  }

  /** The last part that is not empty and for which the predicate holds. */
  #last(isTrue: (part: PlacedPart) => boolean): PlacedPart {
    const part = this.#parts.findLast((one) => one.rows > 0 && isTrue(one));
    if (!part) throw new RangeError('no such row');
    return part;
  }
}

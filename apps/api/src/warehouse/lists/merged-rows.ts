import type { Cells, JsonBytes, PageRange } from '../warehouse.ts';
import { Amendments } from './amendments.ts';
import { type Block, isBefore } from './block.ts';
import type { Delta } from './delta.ts';

const ROWS_AT_ONCE = 5_000;
const [OPEN, COMMA, CLOSE] = [Buffer.from('['), Buffer.from(','), Buffer.from(']')];

/** Where a position of the merged rows is: the number of rows of the base and of the delta before it. */
interface Split {
  readonly base: number;
  readonly delta: number;
}

/** Rows ordered by id that are read in blocks. Reads throw WarehouseError: `expired` when a table is gone. */
export interface BlockSource {
  readonly total: number;
  readonly blocks: number;
  /** The block that holds the row; `offset` is below `total`. */
  blockOf(offset: number): number;
  /** The index of the first row of a block. */
  place(block: number): { readonly offset: number };
  block(index: number): Block | Promise<Block>;
  /** All rows in order, at most a few thousand at a time, the next ones fetched in advance. */
  rows(): AsyncGenerator<readonly Cells[], void>;
}

/**
 * A base, and a delta in memory that has none of its ids, read as one list ordered by id. A forgotten record keeps its place in offsets
 * and totals, so a walk that began before goes on.
 */
export class MergedRows<Base extends BlockSource = BlockSource> {
  readonly base: Base;
  readonly delta: Delta;
  /** Applied to what is read. */
  readonly amendments: Amendments;

  constructor(base: Base, delta: Delta, amendments = Amendments.none) {
    this.base = base;
    this.delta = delta;
    this.amendments = amendments;
  }

  amendedBy(amendments: Amendments): MergedRows<Base> {
    return amendments === this.amendments ? this : new MergedRows(this.base, this.delta, amendments);
  }

  get total(): number {
    return this.base.total + this.delta.length;
  }

  /** A JSON array. Throws WarehouseError: `expired` when a table is gone. */
  async page({ limit, offset }: PageRange): Promise<JsonBytes> {
    let left = Math.min(limit, this.total - offset);
    if (left <= 0) return '[]';
    let { base, delta } = await this.#split(offset);
    const lastBlock =
      base < this.base.total ? this.base.blockOf(Math.min(base + left, this.base.total) - 1) : -1;
    // All at once: the loop below awaits them one by one.
    const reads = new Map<number, Block | Promise<Block>>();
    for (let index = base < this.base.total ? this.base.blockOf(base) : 0; index <= lastBlock; index++) {
      const block = this.base.block(index);
      if (block instanceof Promise) block.catch(() => {});
      reads.set(index, block);
    }
    const pieces: Buffer[] = [];
    const { amendments } = this;
    // Both have the same rows at the same indexes. Only the unamended blocks have all ids, by which they are merged.
    const deltaBlock = amendments.block(this.delta.block);
    const take = (piece: Buffer) => {
      if (piece.length > 0) pieces.push(pieces.length === 0 ? OPEN : COMMA, piece);
    };
    while (left > 0 && base < this.base.total) {
      const index = this.base.blockOf(base);
      const block = await (reads.get(index) ?? this.base.block(index));
      const { offset: start } = this.base.place(index);
      // The rows of this block up to the next id of the delta, then the rows of the delta up to the next id of the block.
      const id = this.delta.idAt(delta);
      const until = id === undefined ? block.length : block.rank(id);
      const taken = Math.min(left, Math.max(0, until - (base - start)));
      take(amendments.block(block).slice(base - start, base - start + taken));
      base += taken;
      left -= taken;
      if (left > 0 && base - start < block.length) {
        const next = block.idAt(base - start);
        const end = Math.min(delta + left, Math.max(delta + 1, this.delta.rank(next ?? '')));
        take(deltaBlock.slice(delta, end));
        left -= end - delta;
        delta = end;
      }
    }
    take(deltaBlock.slice(delta, Math.min(delta + left, this.delta.length)));
    return pieces.length === 0 ? '[]' : Buffer.concat([...pieces, CLOSE]);
  }

  /** All rows in order, at most a few thousand at a time, the next ones fetched in advance. Throws like `page`. */
  async *rows(): AsyncGenerator<readonly Cells[], void> {
    let delta = 0;
    for await (const rows of this.base.rows()) {
      const merged: Cells[] = [];
      for (const cells of rows) {
        for (let id = this.delta.idAt(delta); id !== undefined && isBefore(id, cells[0] ?? null); ) {
          merged.push(this.delta.cellsAt(delta));
          id = this.delta.idAt(++delta);
        }
        merged.push(cells);
      }
      yield this.amendments.rows(merged);
    }
    for (; delta < this.delta.length; delta += ROWS_AT_ONCE)
      yield this.amendments.rows(this.delta.cells(delta, delta + ROWS_AT_ONCE));
  }

  /**
   * Row r of the base is at position r plus the number of ids of the delta before its own, which rises with r. So the first row of the base
   * that is not before the offset is found by interpolation and bisection over blocks.
   */
  async #split(offset: number): Promise<Split> {
    const { base, delta } = this;
    if (delta.length === 0) return { base: offset, delta: 0 };
    const rowsPerBlock = this.total / base.blocks;
    const positionOf = (block: Block, start: number, at: number) =>
      start + at + delta.rank(block.idAt(at) ?? '');
    // Block `to` begins at or after the offset, and the block before `from` ends before it.
    let from = offset < delta.length ? 0 : base.blockOf(Math.min(offset - delta.length, base.total - 1));
    let to = offset < base.total ? base.blockOf(offset) : base.blocks - 1;
    let guess =
      base.total === 0
        ? 0
        : base.blockOf(Math.min(Math.floor((offset * base.total) / this.total), base.total - 1));
    for (let reads = 1; from <= to && base.total > 0; reads++) {
      guess = Math.max(from, Math.min(guess, to));
      const block = await base.block(guess);
      const { offset: start } = base.place(guess);
      const [first, last] = [positionOf(block, start, 0), positionOf(block, start, block.length - 1)];
      if (offset > last) from = guess + 1;
      else if (offset <= first && guess > from) to = guess - 1;
      else {
        let [low, high] = [0, block.length];
        while (low < high) {
          const middle = (low + high) >>> 1;
          if (positionOf(block, start, middle) < offset) low = middle + 1;
          else high = middle;
        }
        return { base: start + low, delta: offset - start - low };
      }
      if (offset > last)
        guess = reads % 2 === 0 ? (from + to) >>> 1 : guess + Math.ceil((offset - last) / rowsPerBlock);
      else
        guess = reads % 2 === 0 ? (from + to) >>> 1 : guess - Math.ceil((first - offset + 1) / rowsPerBlock);
    }
    // Between two blocks, or after the last.
    const row = from < base.blocks ? base.place(from).offset : base.total;
    return { base: row, delta: offset - row };
  }
}

import type { Cells, CountryCount, RecordFilter } from '../warehouse.ts';
import { Block, isBefore } from './block.ts';
import { Values } from './values.ts';

/** An estimate of what an id costs besides its characters. */
const ID_BYTES = 40;

/** Rows in memory that are ordered by id. */
export class Delta {
  static readonly none = new Delta([], Block.of([]), new Values(0));

  readonly #ids: readonly string[];
  readonly #block: Block;
  readonly #values: Values;
  /** Bytes of memory. */
  readonly size: number;

  private constructor(ids: readonly string[], block: Block, values: Values) {
    this.#ids = ids;
    this.#block = block;
    this.#values = values;
    this.size = block.size + values.size + this.#ids.reduce((sum, id) => sum + 2 * id.length + ID_BYTES, 0);
  }

  /** From rows in order, some thousands at a time. */
  static async of(chunks: AsyncIterable<readonly Cells[]>): Promise<Delta> {
    const ids: string[] = [];
    const blocks: Block[] = [];
    const values = new Values(0);
    for await (const rows of chunks) {
      for (const cells of rows) {
        ids.push(cells[0] ?? '');
        values.add(cells);
      }
      blocks.push(Block.of(rows));
    }
    return new Delta(ids, Block.concat(blocks), values);
  }

  /** The matching rows. */
  match(filter: RecordFilter): Delta {
    const indexes = this.#values.match(filter);
    const ids = Array.from(indexes, (index) => this.#ids[index] ?? '');
    // The values stay behind: a filtered list is not filtered again.
    return new Delta(ids, this.#block.pick(indexes), Delta.none.#values);
  }

  /** The number of rows per `pais`, in any order. */
  countries(): CountryCount[] {
    return this.#values.countries();
  }

  /** The rows, at the same indexes. */
  get block(): Block {
    return this.#block;
  }

  get length(): number {
    return this.#ids.length;
  }

  idAt(index: number): string | undefined {
    return this.#ids[index];
  }

  /** The number of rows before this id. */
  rank(id: string): number {
    let [low, high] = [0, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#ids[middle] ?? null, id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  find(id: string): Buffer | undefined {
    const rank = this.rank(id);
    return this.#ids[rank] === id ? Buffer.from(this.#block.slice(rank, rank + 1)) : undefined;
  }

  /** The records from index `from` to below `to` as JSON, with commas between them. Not a copy. */
  slice(from: number, to: number): Buffer {
    return this.#block.slice(from, Math.min(to, this.length));
  }

  cells(from: number, to: number): Cells[] {
    const records: object[] = JSON.parse(`[${this.slice(from, to)}]`);
    return records.map(Object.values);
  }

  cellsAt(index: number): Cells {
    return Object.values(JSON.parse(this.#block.slice(index, index + 1).toString()));
  }
}

import { WarehouseError } from '../errors.ts';
import type { Cells, CountryCount, RecordFilter } from '../warehouse.ts';
import { Block } from './block.ts';
import type { BlockSource } from './merged-rows.ts';
import { VALUES_ROW_BYTES, Values } from './values.ts';

/** Per row: the numbers of its values, and the offset of its id. */
const ROW_BYTES = VALUES_ROW_BYTES + 4;
/** Short blocks: each is made from memory when it is read. */
const BLOCK_ROWS = 128;
const ROWS_AT_ONCE = 5_000;

/** Rows in memory: their values, and the bytes of their ids. */
export class RecordIndex {
  readonly #values: Values;
  readonly #ids: Buffer;
  readonly #places: Uint32Array;

  private constructor(values: Values, ids: Buffer, places: Uint32Array) {
    this.#values = values;
    this.#ids = ids;
    this.#places = places;
  }

  /** Bytes of memory. */
  get size(): number {
    return this.#values.size + this.#ids.length + this.#places.byteLength;
  }

  /** Reads all rows once. Throws `listTooLarge` above `maxBytes`. */
  static async build(source: Pick<BlockSource, 'total' | 'rows'>, maxBytes: number): Promise<RecordIndex> {
    const { total } = source;
    const assertFits = (size: number) => {
      if (size <= maxBytes) return;
      throw new WarehouseError(
        'refused',
        'listTooLarge',
        `${total} records need more than ${maxBytes} bytes`,
      );
    };
    assertFits(total * ROW_BYTES);
    const values = new Values(total);
    const places = new Uint32Array(total + 1);
    const ids: Buffer[] = [];
    let place = 0;
    for await (const chunk of source.rows()) {
      const block: Buffer[] = [];
      for (const cells of chunk) {
        const bytes = Buffer.from(cells[0] ?? '');
        block.push(bytes);
        place += bytes.length;
        values.add(cells);
        places[values.length] = place;
      }
      ids.push(Buffer.concat(block));
      assertFits(values.size + (total + 1) * 4 + place);
    }
    return new RecordIndex(values, Buffer.concat(ids), places);
  }

  /** The matching rows, in the same order. */
  match(filter: RecordFilter): Matches {
    return new Matches(this, this.#values.match(filter));
  }

  /** The number of rows per `pais`, in any order. */
  countries(): CountryCount[] {
    return this.#values.countries();
  }

  cells(row: number): Cells {
    const id = this.#ids.toString('utf8', this.#places[row], this.#places[row + 1]);
    return [id, ...this.#values.cells(row)];
  }
}

type ExportGuard = (rows: AsyncGenerator<readonly Cells[], void>) => AsyncGenerator<readonly Cells[], void>;

/** Some rows of an index. */
export class Matches implements BlockSource {
  readonly #index: RecordIndex;
  readonly #positions: Uint32Array;
  readonly #guard: ExportGuard;

  /** `guard` sees the rows of each export. */
  constructor(index: RecordIndex, positions: Uint32Array, guard: ExportGuard = (rows) => rows) {
    this.#index = index;
    this.#positions = positions;
    this.#guard = guard;
  }

  exportedBy(guard: ExportGuard): Matches {
    return new Matches(this.#index, this.#positions, guard);
  }

  get total(): number {
    return this.#positions.length;
  }

  get blocks(): number {
    return Math.ceil(this.total / BLOCK_ROWS);
  }

  /** Bytes of memory besides the index. */
  get size(): number {
    return this.#positions.byteLength;
  }

  blockOf(offset: number): number {
    return Math.floor(offset / BLOCK_ROWS);
  }

  place(block: number) {
    return { offset: block * BLOCK_ROWS };
  }

  block(index: number): Block {
    return Block.of(this.#cells(index * BLOCK_ROWS, (index + 1) * BLOCK_ROWS));
  }

  rows(): AsyncGenerator<readonly Cells[], void> {
    return this.#guard(this.#rows());
  }

  async *#rows(): AsyncGenerator<readonly Cells[], void> {
    for (let at = 0; at < this.total; at += ROWS_AT_ONCE) yield this.#cells(at, at + ROWS_AT_ONCE);
  }

  #cells(from: number, to: number): Cells[] {
    return Array.from(this.#positions.subarray(from, to), (row) => this.#index.cells(row));
  }
}

import { ownBytes } from '../../own-bytes.ts';
import { WarehouseError } from '../errors.ts';
import { type RawRow, recordJson } from '../record-json.ts';

const COMMA = ',';

/** Bytes of an entry of `#places`. */
const PLACE_BYTES = 4;

/** Consecutive rows of a snapshot as JSON bytes. */
export class Block {
  /** The records, with commas between them. */
  readonly #bytes: Buffer;
  /** The offset of each record, and that of the end. */
  readonly #places: Uint32Array;

  constructor(rows: readonly RawRow[]) {
    this.#places = new Uint32Array(rows.length + 1);
    const records = rows.map(recordJson);
    for (const [index, record] of records.entries()) {
      this.#places[index + 1] = (this.#places[index] ?? 0) + Buffer.byteLength(record) + COMMA.length;
    }
    this.#bytes = ownBytes(Buffer.from(records.join(COMMA)));
  }

  /** Bytes of memory. */
  get size(): number {
    return this.#bytes.length + this.#places.length * PLACE_BYTES;
  }

  /** Number of rows. */
  get length(): number {
    return this.#places.length - 1;
  }

  /** The id of the record at an index from 0. */
  idAt(index: number): string | null {
    return JSON.parse(this.slice(index, index + 1).toString()).id;
  }

  /** A copy of the record with this id, which does not keep the block in memory. */
  find(id: string): Buffer | undefined {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.idAt(middle), id)) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.idAt(low) === id ? ownBytes(this.slice(low, low + 1)) : undefined;
  }

  /** The records from index `from` to below `to`, with commas between them. Not a copy. */
  slice(from: number, to: number): Buffer {
    const start = this.#places[from] ?? 0;
    const end = (this.#places[to] ?? 0) - COMMA.length;
    return this.#bytes.subarray(start, Math.max(start, end));
  }
}

/**
 * BigQuery does not promise that a result table keeps the order of its query, so every read is checked: ids must rise, which also
 * excludes duplicates. Throws WarehouseError.
 */
export function assertOrdered(rows: readonly RawRow[], startIndex: number): void {
  for (let index = 1; index < rows.length; index++) {
    if (isBefore(idOf(rows[index - 1]), idOf(rows[index]))) continue;
    throw new WarehouseError(
      'refused',
      'notOrdered',
      `row ${startIndex + index} does not follow the one before it`,
    );
  }
}

export function idOf(row: RawRow | undefined): string | null {
  return row?.f[0]?.v ?? null;
}

/** BigQuery's order of strings: NULL first, then by code point. JavaScript compares UTF-16, which sorts surrogates too early. */
export function isBefore(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return a === null && b !== null;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return rank(left) < rank(right);
  }
  return a.length < b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

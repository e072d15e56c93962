import { ownBytes } from '../../own-bytes.ts';
import { WarehouseError } from '../errors.ts';
import { type RawRow, recordJson } from '../record-json.ts';

const COMMA = ',';

/** What a row costs in a block beside the bytes of its JSON: a comma, and its place in the table of places. */
const PLACE_BYTES = 4;

/** Consecutive rows of a snapshot as the bytes that are sent. */
export class Block {
  /** The records as JSON, with commas between them. */
  readonly #bytes: Buffer;
  /** Where each record begins, and one place more: where the next one would. */
  readonly #places: Uint32Array;

  constructor(rows: readonly RawRow[]) {
    this.#places = new Uint32Array(rows.length + 1);
    const records = rows.map(recordJson);
    for (const [index, record] of records.entries()) {
      this.#places[index + 1] = (this.#places[index] ?? 0) + Buffer.byteLength(record) + COMMA.length;
    }
    this.#bytes = ownBytes(Buffer.from(records.join(COMMA)));
  }

  /** Memory that the block takes. */
  get size(): number {
    return this.#bytes.length + this.#places.length * PLACE_BYTES;
  }

  /** Rows in the block. */
  get length(): number {
    return this.#places.length - 1;
  }

  /** The id of a record, from 0. */
  idAt(index: number): string | null {
    return JSON.parse(this.slice(index, index + 1).toString()).id;
  }

  /** The record with this id, as a copy that does not keep the block in memory. */
  find(id: string): Buffer | undefined {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.idAt(middle), id)) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.idAt(low) === id ? ownBytes(this.slice(low, low + 1)) : undefined;
  }

  /** The records from `from` up to `to`, with commas between them, without a copy. */
  slice(from: number, to: number): Buffer {
    const start = this.#places[from] ?? 0;
    const end = (this.#places[to] ?? 0) - COMMA.length;
    return this.#bytes.subarray(start, Math.max(start, end));
  }
}

/**
 * That a finished result keeps the order of its query is not promised by BigQuery, so it is proved for each row that is
 * sent: ids must rise, which also proves that none is there twice. Throws WarehouseError.
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

/** BigQuery's order of text: by code point, and NULL first. JavaScript compares UTF-16, where D800 to DFFF come too early. */
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

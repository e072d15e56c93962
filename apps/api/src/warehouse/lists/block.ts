import { ownBytes } from '../../own-bytes.ts';
import { cellsJson, type RawRow } from '../record-json.ts';
import type { Cells } from '../warehouse.ts';

const COMMA = ',';

/** Bytes of an entry of `#places`. */
const PLACE_BYTES = 4;

/** Why a row cannot be served in a list. */
type LeftOutReason = 'tooLong' | 'notOrdered';

/** A row that a list leaves out. */
export interface LeftOut {
  /** Of the rows, from 0. */
  readonly index: number;
  readonly id: string | null;
  readonly reason: LeftOutReason;
}

/** Consecutive rows of a list as JSON bytes. A row that is left out keeps its index and has no bytes. */
export class Block {
  /** The records, with commas between them. */
  readonly #bytes: Buffer;
  /** The offset of each record, and that of the end. */
  readonly #places: Uint32Array;

  private constructor(bytes: Buffer, places: Uint32Array) {
    this.#bytes = bytes;
    this.#places = places;
  }

  static of(rows: readonly Cells[], leftOut: readonly Pick<LeftOut, 'index'>[] = []): Block {
    const places = new Uint32Array(rows.length + 1);
    const holes = new Set(leftOut.map(({ index }) => index));
    const records: string[] = [];
    for (const [index, cells] of rows.entries()) {
      const start = places[index] ?? 0;
      places[index + 1] = start;
      if (holes.has(index)) continue;
      const record = cellsJson(cells);
      records.push(record);
      places[index + 1] = start + Buffer.byteLength(record) + COMMA.length;
    }
    return new Block(ownBytes(Buffer.from(records.join(COMMA))), places);
  }

  static concat(blocks: readonly Block[]): Block {
    const places = new Uint32Array(blocks.reduce((sum, { length }) => sum + length, 1));
    const pieces: Buffer[] = [];
    let [row, end] = [0, 0];
    for (const block of blocks) {
      for (let index = 1; index <= block.length; index++) places[++row] = end + (block.#places[index] ?? 0);
      if (block.#bytes.length > 0) pieces.push(block.#bytes, Buffer.from(COMMA));
      end = places[row] ?? 0;
    }
    return new Block(ownBytes(Buffer.concat(pieces.slice(0, -1))), places);
  }

  /** The records at these indexes. */
  pick(indexes: Uint32Array): Block {
    const blocks = Array.from(indexes, (index) => {
      const bytes = this.slice(index, index + 1);
      return new Block(bytes, Uint32Array.of(0, bytes.length === 0 ? 0 : bytes.length + COMMA.length));
    });
    return Block.concat(blocks);
  }

  /** The rows after a change of each, at the same indexes: undefined leaves a row out. This block itself when nothing changes. */
  map(change: (cells: Cells) => Cells | undefined): Block {
    const records: object[] = JSON.parse(`[${this.slice(0, this.length)}]`);
    const rows: Cells[] = [];
    const leftOut: Pick<LeftOut, 'index'>[] = [];
    let [next, hasChanged] = [0, false];
    for (let index = 0; index < this.length; index++) {
      const before: Cells | undefined = this.#isLeftOut(index)
        ? undefined
        : Object.values(records[next++] ?? {});
      const after = before && change(before);
      if (after !== before) hasChanged = true;
      if (!after) leftOut.push({ index });
      rows.push(after ?? []);
    }
    return hasChanged ? Block.of(rows, leftOut) : this;
  }

  /** Bytes of memory. */
  get size(): number {
    return this.#bytes.length + this.#places.length * PLACE_BYTES;
  }

  /** Number of rows. */
  get length(): number {
    return this.#places.length - 1;
  }

  /** The id of the record at an index from 0, or of the nearest record before it if it is left out; null without one. */
  idAt(index: number): string | null {
    let at = index;
    while (at >= 0 && this.#isLeftOut(at)) at--;
    return at < 0 ? null : JSON.parse(this.slice(at, at + 1).toString()).id;
  }

  /** The number of rows before this id. */
  rank(id: string): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.idAt(middle), id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A copy of the record with this id, which does not keep the block in memory. */
  find(id: string): Buffer | undefined {
    const rank = this.rank(id);
    return rank < this.length && this.idAt(rank) === id ? ownBytes(this.slice(rank, rank + 1)) : undefined;
  }

  #isLeftOut(index: number): boolean {
    return this.#places[index] === this.#places[index + 1];
  }

  /** The records from index `from` to below `to`, with commas between them. Not a copy. */
  slice(from: number, to: number): Buffer {
    const start = this.#places[from] ?? 0;
    const end = (this.#places[to] ?? 0) - COMMA.length;
    return this.#bytes.subarray(start, Math.max(start, end));
  }
}

/**
 * Finds the rows that a list cannot serve: those with a value that the query emptied because it is too long, and those out of order.
 * BigQuery does not promise that a table keeps the order of its query, so every read is checked: ids must rise, which also excludes
 * duplicates. Of two neighbours in the wrong order, the one that its other neighbours contradict is out of place.
 */
export function unservable(
  rows: readonly RawRow[],
  before: RawRow | undefined,
  after: RawRow | undefined,
): LeftOut[] {
  const leftOut: LeftOut[] = [];
  /** The accepted rows so far. */
  const kept: { readonly index: number; readonly id: string | null }[] = [];
  if (before) kept.push({ index: -1, id: idOf(before) });
  for (const [index, row] of rows.entries()) {
    const id = idOf(row);
    if (row.f.length > 1 && row.f.every(({ v }, column) => column === 0 || v === null)) {
      leftOut.push({ index, id, reason: 'tooLong' });
      continue;
    }
    const last = kept.at(-1);
    if (last && !isBefore(last.id, id)) {
      const next = rows[index + 1] ?? after;
      const beforeLast = kept.at(-2);
      const lastIsStray =
        !(next && isBefore(last.id, idOf(next))) && (!beforeLast || isBefore(beforeLast.id, id));
      if (!lastIsStray) {
        leftOut.push({ index, id, reason: 'notOrdered' });
        continue;
      }
      kept.pop();
      if (last.index >= 0) leftOut.push({ index: last.index, id: last.id, reason: 'notOrdered' });
    }
    kept.push({ index, id });
  }
  // The last row may be the stray one, which the row after it tells.
  const last = kept.at(-1);
  const beforeLast = kept.at(-2);
  if (last && last.index >= 0 && after && !isBefore(last.id, idOf(after))) {
    if (!beforeLast || isBefore(beforeLast.id, idOf(after)))
      leftOut.push({ index: last.index, id: last.id, reason: 'notOrdered' });
  }
  return leftOut;
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

import { ID_MAX_LENGTH } from '@records/records-schema';
import { isBefore } from './block.ts';
import { shareOfWay } from './even-spread.ts';

/** Blocks with known bounds: about a megabyte of ids, for 4 million rows. */
const MAX_KNOWN = 4_096;

type Id = string | null;

/** The ids of the first and the last row of a block. */
export interface Bounds {
  /** Of the block, from 0. */
  readonly index: number;
  readonly first: Id;
  readonly last: Id;
}

/** Consecutive blocks, both ends included; empty when `from` is above `to`. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

/** A bounded sparse index of one snapshot: the first and last id of each block that was read. */
export class BlockBounds {
  /** Number of blocks in the snapshot. */
  readonly blocks: number;
  /** In order of blocks and ids. */
  readonly #known: Bounds[] = [];

  constructor(blocks: number) {
    this.blocks = blocks;
  }

  note(bounds: Bounds): void {
    if (this.#known.length >= MAX_KNOWN || isLong(bounds.first) || isLong(bounds.last)) return;
    const place = this.#count((known) => known.index < bounds.index);
    if (this.#known[place]?.index !== bounds.index) this.#known.splice(place, 0, bounds);
  }

  /** The blocks that can hold the id. */
  narrow(id: string): BlockRange {
    const { below, above } = this.#around(id);
    if (below && !isBefore(below.last, id)) return { from: below.index, to: below.index };
    return { from: (below?.index ?? -1) + 1, to: (above?.index ?? this.blocks) - 1 };
  }

  /** The most likely block of the range: interpolates between the nearest known ids, or takes the first block without any. */
  guess(id: string, { from, to }: BlockRange): number {
    const { below, above } = this.#around(id);
    if (!below) return from;
    const share = shareOfWay(id, below.last ?? '', above && (above.first ?? ''));
    return from + Math.min(Math.floor(share * (to - from + 1)), to - from);
  }

  /** The nearest known blocks: the last one that begins at or before the id, and the next. */
  #around(id: string): { readonly below: Bounds | undefined; readonly above: Bounds | undefined } {
    const place = this.#count(({ first }) => !isBefore(id, first));
    return { below: this.#known[place - 1], above: this.#known[place] };
  }

  /** The number of known blocks for which a predicate holds that is true up to some block. */
  #count(isTrue: (bounds: Bounds) => boolean): number {
    let [low, high] = [0, this.#known.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const bounds = this.#known[middle];
      if (bounds && isTrue(bounds)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** An unchecked row can have a longer id than a record may. */
function isLong(id: Id): boolean {
  return id !== null && id.length > ID_MAX_LENGTH;
}

import { ID_MAX_LENGTH } from '@records/records-schema';
import { isBefore } from './block.ts';
import { shareOfWay } from './even-spread.ts';

/** Blocks whose bounds are remembered: about a megabyte of ids, and 4 million rows. */
const MAX_KNOWN = 4_096;

type Id = string | null;

/** The ids of the first and the last row of a block. */
export interface Bounds {
  /** Which block it is, from 0. */
  readonly index: number;
  readonly first: Id;
  readonly last: Id;
}

/** Consecutive blocks, both ends included; none when `from` is above `to`. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

/** The first and the last id of each block of one snapshot that was looked into: a sparse index, bounded. */
export class BlockBounds {
  /** How many blocks the snapshot has. */
  readonly blocks: number;
  /** In the order of the blocks, and so of the ids. */
  readonly #known: Bounds[] = [];

  constructor(blocks: number) {
    this.blocks = blocks;
  }

  note(bounds: Bounds): void {
    if (this.#known.length >= MAX_KNOWN || isLong(bounds.first) || isLong(bounds.last)) return;
    const place = this.#count((known) => known.index < bounds.index);
    if (this.#known[place]?.index !== bounds.index) this.#known.splice(place, 0, bounds);
  }

  /** The blocks that can hold the id, by what is known. */
  narrow(id: string): BlockRange {
    const { below, above } = this.#around(id);
    if (below && !isBefore(below.last, id)) return { from: below.index, to: below.index };
    return { from: (below?.index ?? -1) + 1, to: (above?.index ?? this.blocks) - 1 };
  }

  /**
   * The block of the range that holds the id most likely: by the place of the id between those that are known, as if all were
   * spread evenly. The first one while nothing is known.
   */
  guess(id: string, { from, to }: BlockRange): number {
    const { below, above } = this.#around(id);
    if (!below) return from;
    const share = shareOfWay(id, below.last ?? '', above && (above.first ?? ''));
    return from + Math.min(Math.floor(share * (to - from + 1)), to - from);
  }

  /** The known blocks next to the id, the first of which begins at it or before. */
  #around(id: string): { readonly below: Bounds | undefined; readonly above: Bounds | undefined } {
    const place = this.#count(({ first }) => !isBefore(id, first));
    return { below: this.#known[place - 1], above: this.#known[place] };
  }

  /** How many of the known blocks, from the first on, this is true of. */
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

/** A row that was stored unchecked can have an id longer than any record's. */
function isLong(id: Id): boolean {
  return id !== null && id.length > ID_MAX_LENGTH;
}

import { type Block, isBefore } from './block.ts';
import { BlockBounds } from './block-bounds.ts';
import { BLOCK_ROWS, type SnapshotTable } from './blocks.ts';

type ReadBlock = (snapshot: SnapshotTable, index: number) => Block | Promise<Block>;

interface Searched {
  readonly token: string;
  readonly bounds: BlockBounds;
}

/**
 * Finds records by their ids in the ordered rows of a snapshot, by reading blocks, which is free of charge: the binary
 * logarithm of their number at the very most, and mostly one or none, since the bounds of those that were read are
 * remembered, and the next snapshot is much like the one before.
 */
export class Search {
  readonly #read: ReadBlock;
  #newest: Searched | undefined;
  #before: Searched | undefined;

  constructor(read: ReadBlock) {
    this.#read = read;
  }

  /** The record as JSON; undefined when the snapshot has none with this id. Throws what reading a block throws. */
  async find(snapshot: SnapshotTable, id: string): Promise<Buffer | undefined> {
    const blocks = Math.ceil(snapshot.total / BLOCK_ROWS);
    const { bounds } = this.#searched(snapshot.token, blocks);
    const before = this.#before?.bounds;
    const guess = Math.floor((before?.guess(id) ?? 0) * blocks);
    let { from, to } = bounds.narrow(id);
    let next = before && from <= guess && guess <= to ? guess : middleOf(from, to);
    for (let reads = 1; from <= to; reads++) {
      const block = await this.#read(snapshot, next);
      const [first, last] = [block.idAt(0), block.idAt(block.length - 1)];
      bounds.note({ index: next, first, last });
      const isBelow = isBefore(id, first);
      if (!isBelow && !isBefore(last, id)) return block.find(id);
      if (isBelow) to = next - 1;
      else from = next + 1;
      // A guess that is wrong is mostly wrong by one block.
      if (before && reads === 1) next = isBelow ? to : from;
      else next = middleOf(from, to);
    }
    return undefined;
  }

  /** Of two snapshots, so that one that is still being searched does not drive out the next. */
  #searched(token: string, blocks: number): Searched {
    if (this.#newest?.token === token) return this.#newest;
    if (this.#before?.token === token) return this.#before;
    this.#before = this.#newest;
    this.#newest = { token, bounds: new BlockBounds(blocks) };
    return this.#newest;
  }
}

function middleOf(from: number, to: number): number {
  return (from + to) >>> 1;
}

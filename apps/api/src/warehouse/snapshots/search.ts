import { type Block, isBefore } from './block.ts';
import { BlockBounds, type Bounds } from './block-bounds.ts';
import { BLOCK_ROWS, type SnapshotTable } from './blocks.ts';

type ReadBlock = (snapshot: SnapshotTable, index: number) => Block | Promise<Block>;

interface Followed {
  readonly token: string;
  readonly bounds: BlockBounds;
}

/**
 * Finds records by their ids in the ordered rows of a snapshot, by reading blocks, which is free of charge: the binary
 * logarithm of their number at the very most, and mostly one or none, since the bounds of those that were read, for whatever
 * reason, are remembered, and the next snapshot is much like the one before.
 */
export class Search {
  readonly #read: ReadBlock;
  #newest: Followed | undefined;
  /** Also still searched, by who began before the newest was there. */
  #before: Followed | undefined;

  constructor(read: ReadBlock) {
    this.#read = read;
  }

  /** The snapshot that is searched from now on: what is read of it is worth noting. */
  follow(snapshot: SnapshotTable): void {
    if (snapshot.token === this.#newest?.token) return;
    this.#before = this.#newest;
    this.#newest = { token: snapshot.token, bounds: new BlockBounds(blocksOf(snapshot)) };
  }

  note(token: string, bounds: Bounds): void {
    this.#followed(token)?.bounds.note(bounds);
  }

  /** The record as JSON; undefined when the snapshot has none with this id. Throws what reading a block throws. */
  async find(snapshot: SnapshotTable, id: string): Promise<Buffer | undefined> {
    const blocks = blocksOf(snapshot);
    const bounds = this.#followed(snapshot.token)?.bounds ?? new BlockBounds(blocks);
    const before = this.#before?.bounds;
    const guess = Math.floor((before?.guess(id) ?? 0) * blocks);
    let { from, to } = bounds.narrow(id);
    let next = before && from <= guess && guess <= to ? guess : middleOf(from, to);
    for (let reads = 1; from <= to; reads++) {
      const block = await this.#read(snapshot, next);
      const [first, last] = [block.idAt(0), block.idAt(block.length - 1)];
      // One that was in memory can have been read before the snapshot was followed.
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

  #followed(token: string): Followed | undefined {
    return [this.#newest, this.#before].find((followed) => followed?.token === token);
  }
}

function blocksOf({ total }: SnapshotTable): number {
  return Math.ceil(total / BLOCK_ROWS);
}

function middleOf(from: number, to: number): number {
  return (from + to) >>> 1;
}

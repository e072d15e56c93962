import { type Block, isBefore } from './block.ts';
import { BlockBounds, type BlockRange, type Bounds } from './block-bounds.ts';
import { BLOCK_ROWS, type SnapshotTable } from './blocks.ts';

type ReadBlock = (snapshot: SnapshotTable, index: number) => Block | Promise<Block>;

interface Followed {
  readonly token: string;
  readonly bounds: BlockBounds;
}

/**
 * Finds records by their ids in the ordered rows of a snapshot, by reading blocks, which is free of charge: twice the binary
 * logarithm of their number and two at the very most, two or three where ids are spread evenly, and mostly one or none, since the bounds
 * of those that were read, for whatever reason, are remembered, and the next snapshot is much like the one before.
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
    const bounds = this.#followed(snapshot.token)?.bounds ?? new BlockBounds(blocksOf(snapshot));
    let { from, to } = bounds.narrow(id);
    let next = this.#firstGuess(id, bounds);
    for (let reads = 1; from <= to; reads++) {
      const block = await this.#read(snapshot, next);
      const [first, last] = [block.idAt(0), block.idAt(block.length - 1)];
      // One that was in memory can have been read before the snapshot was followed.
      bounds.note({ index: next, first, last });
      const isBelow = isBefore(id, first);
      if (!isBelow && !isBefore(last, id)) return block.find(id);
      // Others have read meanwhile. What this one has read counts even where there was no room to note it.
      const known = bounds.narrow(id);
      from = Math.max(known.from, isBelow ? from : next + 1);
      to = Math.min(known.to, isBelow ? next - 1 : to);
      // Each second read halves what is left, however the ids are spread; or says where they end.
      const middle = to === bounds.blocks - 1 ? to : (from + to) >>> 1;
      next = reads % 2 === 0 ? middle : bounds.guess(id, { from, to });
    }
    return undefined;
  }

  /** By the bounds of the snapshot before where they tell more than those of this one. */
  #firstGuess(id: string, bounds: BlockBounds): number {
    const range = bounds.narrow(id);
    const before = this.#before?.bounds;
    const rangeBefore = before?.narrow(id);
    if (!before || !rangeBefore || width(rangeBefore) >= width(range)) return bounds.guess(id, range);
    const share = (before.guess(id, rangeBefore) + 0.5) / before.blocks;
    return Math.max(range.from, Math.min(Math.floor(share * bounds.blocks), range.to));
  }

  #followed(token: string): Followed | undefined {
    return [this.#newest, this.#before].find((followed) => followed?.token === token);
  }
}

function blocksOf({ total }: SnapshotTable): number {
  return Math.ceil(total / BLOCK_ROWS);
}

function width({ from, to }: BlockRange): number {
  return to - from;
}

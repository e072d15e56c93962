import { type Block, isBefore } from './block.ts';
import { BlockBounds, type BlockRange, type Bounds } from './block-bounds.ts';
import { BLOCK_ROWS, type SnapshotTable } from './blocks.ts';

type ReadBlock = (snapshot: SnapshotTable, index: number) => Block | Promise<Block>;

interface Followed {
  readonly token: string;
  readonly bounds: BlockBounds;
}

/**
 * Finds records by id in a snapshot, reading blocks free of charge. It alternates interpolation and bisection over the known bounds of
 * blocks: at most 2·log2(n) + 2 reads of n blocks, two or three for evenly spread ids, and mostly none or one once bounds are known,
 * since the next snapshot is much like the last.
 */
export class Search {
  readonly #read: ReadBlock;
  #newest: Followed | undefined;
  /** Still searched by requests that began earlier. */
  #before: Followed | undefined;

  constructor(read: ReadBlock) {
    this.#read = read;
  }

  /** Makes this the searched snapshot, whose bounds are collected. */
  follow(snapshot: SnapshotTable): void {
    if (snapshot.token === this.#newest?.token) return;
    this.#before = this.#newest;
    this.#newest = { token: snapshot.token, bounds: new BlockBounds(blocksOf(snapshot)) };
  }

  note(token: string, bounds: Bounds): void {
    this.#followed(token)?.bounds.note(bounds);
  }

  /** The record as JSON; undefined when the snapshot has none with this id. Throws WarehouseError. */
  async find(snapshot: SnapshotTable, id: string): Promise<Buffer | undefined> {
    const bounds = this.#followed(snapshot.token)?.bounds ?? new BlockBounds(blocksOf(snapshot));
    let { from, to } = bounds.narrow(id);
    let next = this.#firstGuess(id, bounds);
    for (let reads = 1; from <= to; reads++) {
      const block = await this.#read(snapshot, next);
      const [first, last] = [block.idAt(0), block.idAt(block.length - 1)];
      // A cached block may have been read before `follow`.
      bounds.note({ index: next, first, last });
      const isBelow = isBefore(id, first);
      if (!isBelow && !isBefore(last, id)) return block.find(id);
      // Combines what other searches noted with this block, which may not have been noted for lack of room.
      const known = bounds.narrow(id);
      from = Math.max(known.from, isBelow ? from : next + 1);
      to = Math.min(known.to, isBelow ? next - 1 : to);
      // Every second read bisects, or finds where the ids end.
      const middle = to === bounds.blocks - 1 ? to : (from + to) >>> 1;
      next = reads % 2 === 0 ? middle : bounds.guess(id, { from, to });
    }
    return undefined;
  }

  /** Uses the bounds of the previous snapshot where they are narrower. */
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

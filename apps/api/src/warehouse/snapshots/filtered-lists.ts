import { LRUCache } from 'lru-cache';
import { WarehouseError } from '../errors.ts';
import type { RecordFilter, RecordList } from '../warehouse.ts';
import { RecordIndex } from './record-index.ts';

const MIB = 1024 * 1024;
/** Of one list: about 1.3 million records with ids of 17 characters. Bytes. */
const MAX_INDEX_BYTES = 48 * MIB;
/** Two of the largest, or many small ones: that of the present, and one of a walk. Bytes. */
const KEPT_INDEX_BYTES = 2 * MAX_INDEX_BYTES;
const KEPT_MATCH_BYTES = 8 * MIB;
/** Lists that are being read for their index at one time: of walks one, so that those who name old ones do not keep the present one out. */
const MAX_BUILDING = 2;
const MAX_WALKS_BUILDING = 1;
/** Lists that are being exported by their index, which keeps it in memory however long the reader takes. */
const MAX_EXPORTED = 2;
const RETRY_AFTER_MS = 2_000;

export interface FilteredListsOptions {
  /** Waits as long as a request may; what it waited for goes on. */
  inTime<T>(result: Promise<T>): Promise<T>;
  /** Whether this is the list that is answered to who names none. */
  isPresent(token: string): boolean;
  /** Told whether the index of a list was in memory. */
  onAsked?(hit: boolean): void;
}

/**
 * Answers filters from memory. A list is read once, free of charge, whatever the number of filters that are asked of it;
 * what one filter costs is a pass over numbers in memory.
 */
export class FilteredLists {
  readonly #options: FilteredListsOptions;
  readonly #indexes = new LRUCache<string, RecordIndex>({
    maxSize: KEPT_INDEX_BYTES,
    sizeCalculation: ({ size }) => Math.max(1, size),
  });
  readonly #building = new Map<string, Promise<RecordIndex>>();
  /** How many exports there are of each list. */
  readonly #exported = new Map<string, number>();
  readonly #matches = new LRUCache<string, Uint32Array>({
    maxSize: KEPT_MATCH_BYTES,
    sizeCalculation: ({ byteLength }, key) => byteLength + 2 * key.length + 1,
  });

  constructor(options: FilteredListsOptions) {
    this.#options = options;
  }

  /** The part of the list that the filter lets through, in the same order. */
  async filter(list: RecordList, filter: RecordFilter): Promise<RecordList> {
    const index = await this.index(list);
    const key = `${list.token} ${JSON.stringify(filter)}`;
    const positions = this.#matches.get(key) ?? index.match(filter);
    this.#matches.set(key, positions);
    return {
      ...list,
      total: positions.length,
      read: async (range) => index.page(positions, range),
      rows: () => this.#export(list.token, index.rows(positions)),
    };
  }

  /** Throws WarehouseError `busy` when other lists are being exported. */
  async *#export(token: string, rows: ReturnType<RecordIndex['rows']>): ReturnType<RecordIndex['rows']> {
    const count = this.#exported.get(token) ?? 0;
    if (count === 0 && this.#exported.size >= MAX_EXPORTED) {
      const message = `${this.#exported.size} lists are being exported`;
      throw new WarehouseError('busy', 'tooManyLists', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#exported.set(token, count + 1);
    try {
      yield* rows;
    } finally {
      const left = (this.#exported.get(token) ?? 1) - 1;
      if (left > 0) this.#exported.set(token, left);
      else this.#exported.delete(token);
    }
  }

  /** Throws WarehouseError: `listTooLarge`; `busy` when other lists are being read. */
  async index(list: RecordList): Promise<RecordIndex> {
    const known = this.#indexes.get(list.token);
    this.#options.onAsked?.(known !== undefined);
    return known ?? (await this.#options.inTime(this.#build(list)));
  }

  #build(list: RecordList): Promise<RecordIndex> {
    const known = this.#building.get(list.token);
    if (known) return known;
    const isWalk = (token: string) => !this.#options.isPresent(token);
    const walks = [...this.#building.keys()].filter(isWalk).length;
    if (this.#building.size >= MAX_BUILDING || (isWalk(list.token) && walks >= MAX_WALKS_BUILDING)) {
      const message = `${this.#building.size} lists are being read for their index`;
      return Promise.reject(
        new WarehouseError('busy', 'tooManyIndexes', message, { retryAfterMs: RETRY_AFTER_MS }),
      );
    }
    const building = RecordIndex.build(list, MAX_INDEX_BYTES)
      .then((index) => {
        this.#indexes.set(list.token, index);
        return index;
      })
      .finally(() => this.#building.delete(list.token));
    this.#building.set(list.token, building);
    return building;
  }
}

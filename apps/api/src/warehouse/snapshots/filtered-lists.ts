import { LRUCache } from 'lru-cache';
import { WarehouseError } from '../errors.ts';
import type { RecordFilter, RecordList } from '../warehouse.ts';
import { RecordIndex } from './record-index.ts';

const MIB = 1024 * 1024;
/** Per list: about 1.3 million records with ids of 17 characters. */
const MAX_INDEX_BYTES = 48 * MIB;
/** Two of the largest indexes, for the current list and for a walk, or many small ones. */
const INDEX_CACHE_BYTES = 2 * MAX_INDEX_BYTES;
const MATCH_CACHE_BYTES = 8 * MIB;
/** Concurrent index builds. At most one of the two may be for an old list, so old lists cannot starve the current one. */
const MAX_BUILDING = 2;
const MAX_WALKS_BUILDING = 1;
/** Lists exported at the same time: an export keeps its index in memory however slow the client is. */
const MAX_EXPORTED = 2;
const RETRY_AFTER_MS = 2_000;

export interface FilteredListsOptions {
  /** Rejects at the deadline of a request, without stopping the work. */
  inTime<T>(result: Promise<T>): Promise<T>;
  /** Whether this is the current list. */
  isCurrent(token: string): boolean;
  /** Called with whether the index of a list was in the cache. */
  onAsked?(hit: boolean): void;
}

/** Filters lists in memory. The first filter reads the list, free of charge; each further filter is a pass over numbers. */
export class FilteredLists {
  readonly #options: FilteredListsOptions;
  readonly #indexes = new LRUCache<string, RecordIndex, RecordList>({
    maxSize: INDEX_CACHE_BYTES,
    sizeCalculation: ({ size }) => Math.max(1, size),
    ignoreFetchAbort: true,
    fetchMethod: (_token, _stale, { context }) => this.#build(context),
  });
  readonly #building = new Set<string>();
  /** Number of exports by list. */
  readonly #exported = new Map<string, number>();
  readonly #matches = new LRUCache<string, Uint32Array>({
    maxSize: MATCH_CACHE_BYTES,
    sizeCalculation: ({ byteLength }, key) => byteLength + 2 * key.length + 1,
  });

  constructor(options: FilteredListsOptions) {
    this.#options = options;
  }

  /** The matching part of the list, in the same order. */
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

  /** Throws `busy` when too many other lists are being exported. */
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

  /** Throws `listTooLarge`, or `busy` when too many other lists are being indexed. */
  async index(list: RecordList): Promise<RecordIndex> {
    const known = this.#indexes.get(list.token);
    this.#options.onAsked?.(known !== undefined);
    return known ?? (await this.#options.inTime(this.#indexes.forceFetch(list.token, { context: list })));
  }

  async #build(list: RecordList): Promise<RecordIndex> {
    const isWalk = (token: string) => !this.#options.isCurrent(token);
    const walks = [...this.#building].filter(isWalk).length;
    if (this.#building.size >= MAX_BUILDING || (isWalk(list.token) && walks >= MAX_WALKS_BUILDING)) {
      const message = `${this.#building.size} lists are being indexed`;
      throw new WarehouseError('busy', 'tooManyIndexes', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#building.add(list.token);
    try {
      return await RecordIndex.build(list, MAX_INDEX_BYTES);
    } finally {
      this.#building.delete(list.token);
    }
  }
}

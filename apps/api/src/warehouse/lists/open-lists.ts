import { LRUCache } from 'lru-cache';
import type { Calls } from '../calls/calls.ts';
import { WarehouseError } from '../errors.ts';
import type { ListMaker, MadeList } from './list-maker.ts';
import { type ListName, lifeMs } from './list-names.ts';

/** An evicted list is opened again when it is requested: 16 lists, with deltas of at most so many bytes. */
const MAX_KNOWN = 16;
const MAX_KNOWN_BYTES = 64 * 1024 * 1024;
/** Concurrent openings of lists that are not in the cache. */
const MAX_OPENING = 32;
const RETRY_AFTER_MS = 1_000;

export type OpenList = Pick<MadeList, 'name' | 'rows' | 'takenAt'>;

/** The lists that are walked, by their tokens. */
export class OpenLists {
  readonly #calls: Calls;
  readonly #known: LRUCache<string, OpenList, ListName>;
  #opening = 0;

  constructor({ maker, calls }: { readonly maker: ListMaker; readonly calls: Calls }) {
    this.#calls = calls;
    this.#known = new LRUCache<string, OpenList, ListName>({
      max: MAX_KNOWN,
      maxSize: MAX_KNOWN_BYTES,
      sizeCalculation: ({ rows }) => Math.max(1, rows.delta.size),
      ignoreFetchAbort: true,
      fetchMethod: async (token, _stale, { context }) => {
        const list = await maker.open(context);
        if (!list) throw expired(token);
        return list;
      },
    });
  }

  /** Throws `expired` for a list that does not exist. */
  async find(name: ListName): Promise<OpenList> {
    return this.#known.get(name.token) ?? (await this.#open(name));
  }

  keep(list: OpenList): void {
    this.#known.set(list.name.token, list);
  }

  forget({ token }: ListName): void {
    this.#known.delete(token);
  }

  async #open(name: ListName): Promise<OpenList> {
    if (this.#opening >= MAX_OPENING) {
      const message = `${this.#opening} lists are being opened`;
      throw new WarehouseError('busy', 'tooManySnapshots', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#opening++;
    try {
      return await this.#calls.inTime(this.#known.forceFetch(name.token, { context: name }));
    } finally {
      this.#opening--;
    }
  }
}

/** When a list can no longer be walked. Milliseconds since the epoch. */
export function endOf({ name: { base, delta } }: OpenList): number {
  const newest = delta ?? base;
  return newest.start + lifeMs(newest);
}

export function expired(token: string): WarehouseError {
  return new WarehouseError('expired', 'notFound', `no snapshot ${token}`);
}

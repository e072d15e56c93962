import { LRUCache } from 'lru-cache';
import { ownBytes } from '../own-bytes.ts';
import type { JsonBytes } from '../warehouse/warehouse.ts';
import { compressPage } from './compression.ts';
import type { Encoding } from './negotiation.ts';

/** About a thousand plain pages of 100 records, or a few thousand compressed ones. */
const MAX_BYTES = 8 * 1024 * 1024;
/** An estimate of what an entry costs besides its bytes, and of what a page that is being made costs. */
const ENTRY_BYTES = 300;

interface Making {
  readonly encoding: Encoding;
  read(): Promise<JsonBytes>;
}

/** Ready-to-send pages. Concurrent requests for a page share one read and one compression. */
export class PageCache {
  readonly #cache = new LRUCache<string, Buffer, Making>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ length }) => length + ENTRY_BYTES,
    backgroundFetchSize: ENTRY_BYTES,
    // A page that is evicted while it is made is still sent to its callers.
    ignoreFetchAbort: true,
    fetchMethod: (_tag, _stale, { context }) => make(context),
  });

  /** The page with this entity tag; undefined when it is not in the cache. */
  cached(tag: string): Buffer | undefined {
    return this.#cache.get(tag);
  }

  /** The page with this entity tag, made by `read` when it is not in the cache. */
  get(tag: string, encoding: Encoding, read: () => Promise<JsonBytes>): Promise<Buffer> {
    return this.#cache.forceFetch(tag, { context: { encoding, read } });
  }
}

async function make({ encoding, read }: Making): Promise<Buffer> {
  const page = await read();
  const plain = typeof page === 'string' ? Buffer.from(page) : page;
  return ownBytes(encoding === 'identity' ? plain : await compressPage(plain, encoding));
}

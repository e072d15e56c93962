import { LRUCache } from 'lru-cache';
import { ownBytes } from '../own-bytes.ts';
import type { JsonBytes } from '../warehouse/warehouse.ts';
import { compressPage } from './compression.ts';
import type { Encoding } from './negotiation.ts';

/** Memory for pages that are ready to send: a thousand of 100 records as they are, a few thousand compressed. Bytes. */
const KEPT_BYTES = 8 * 1024 * 1024;
/** A guess at what an entry costs beside its bytes. */
const ENTRY_BYTES = 300;

/** Pages that can be in the making for all who want them; what is asked for beyond that is made for its caller alone. */
const MAX_SHARED = 1_000;

/** Pages as they were made once, so that a hot page costs no more than sending it. */
export class KeptPages {
  readonly #kept = new LRUCache<string, Buffer>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ length }) => length + ENTRY_BYTES,
  });
  readonly #making = new Map<string, Promise<Buffer>>();

  /** The bytes that `tag` names, when they are kept. */
  kept(tag: string): Buffer | undefined {
    return this.#kept.get(tag);
  }

  /** `tag` names the bytes as they are sent; `read` is only called when they are neither kept nor in the making. */
  async get(tag: string, encoding: Encoding, read: () => Promise<JsonBytes>): Promise<Buffer> {
    return this.#kept.get(tag) ?? this.#making.get(tag) ?? this.#share(tag, encoding, read);
  }

  async #share(tag: string, encoding: Encoding, read: () => Promise<JsonBytes>): Promise<Buffer> {
    const made = this.#make(tag, encoding, read);
    if (this.#making.size >= MAX_SHARED) return made;
    this.#making.set(tag, made);
    try {
      return await made;
    } finally {
      this.#making.delete(tag);
    }
  }

  async #make(tag: string, encoding: Encoding, read: () => Promise<JsonBytes>): Promise<Buffer> {
    const page = await read();
    const plain = typeof page === 'string' ? Buffer.from(page) : page;
    const bytes = ownBytes(encoding === 'identity' ? plain : await compressPage(plain, encoding));
    this.#kept.set(tag, bytes);
    return bytes;
  }
}

import { promisify } from 'node:util';
import {
  type BrotliOptions,
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  gzip,
  type ZlibOptions,
} from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { ownBytes } from '../own-bytes.ts';
import type { Encoding } from './negotiation.ts';

/** Where a page of 100 records is a fifth of its size, and more effort saves a tenth of that (decision 0013). */
const GZIP: ZlibOptions = { level: 6 };
const BROTLI: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

const compressGzip = promisify<Uint8Array, ZlibOptions, Buffer>(gzip);
const compressBrotli = promisify<Uint8Array, BrotliOptions, Buffer>(brotliCompress);

export type Compressed = Exclude<Encoding, 'identity'>;

/** A stream that compresses what is written to it. */
export function compressor(encoding: Compressed) {
  return encoding === 'gzip' ? createGzip(GZIP) : createBrotliCompress(BROTLI);
}

/** Memory for compressed pages: a few thousand of 100 records. Bytes. */
const KEPT_BYTES = 8 * 1024 * 1024;
/** A guess at what an entry costs beside its bytes. */
const ENTRY_BYTES = 300;

/** Pages that can be in the making for all who want them; what is asked for beyond that is made for its caller alone. */
const MAX_SHARED = 1_000;

/** Pages as they were compressed once, so that a hot page costs no compression. */
export class CompressedPages {
  readonly #kept = new LRUCache<string, Buffer>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ length }) => length + ENTRY_BYTES,
  });
  readonly #making = new Map<string, Promise<Buffer>>();

  /** `tag` names the compressed bytes; `read` is only called when they are neither known nor in the making. */
  async get(tag: string, encoding: Compressed, read: () => Promise<Uint8Array>): Promise<Buffer> {
    const known = this.#kept.get(tag) ?? this.#making.get(tag);
    if (known) return known;
    const made = this.#make(tag, encoding, read);
    if (this.#making.size >= MAX_SHARED) return made;
    this.#making.set(tag, made);
    try {
      return await made;
    } finally {
      this.#making.delete(tag);
    }
  }

  async #make(tag: string, encoding: Compressed, read: () => Promise<Uint8Array>): Promise<Buffer> {
    const plain = await read();
    const made = encoding === 'gzip' ? await compressGzip(plain, GZIP) : await compressBrotli(plain, BROTLI);
    const bytes = ownBytes(made);
    this.#kept.set(tag, bytes);
    return bytes;
  }
}

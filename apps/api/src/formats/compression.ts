import { availableParallelism } from 'node:os';
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
import { Turns } from './turns.ts';

/** Where a page of 100 records is a fifth of its size, and more effort saves a tenth of that (decision 0013). */
const GZIP: ZlibOptions = { level: 6 };
const BROTLI_QUALITY = { [constants.BROTLI_PARAM_QUALITY]: 5 };
const BROTLI: BrotliOptions = { params: BROTLI_QUALITY };
/** About as long as a page can be: no page gets larger, and a fifth to a third of the time is saved (decision 0013). Bits. */
const BROTLI_PAGE: BrotliOptions = { params: { ...BROTLI_QUALITY, [constants.BROTLI_PARAM_LGWIN]: 16 } };

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

/** Pages compressed at one time: a processor is left to the event loop, or the refusals under overload would wait for it. */
const AT_ONCE = Math.max(1, availableParallelism() - 1);

/** Pages as they were compressed once, so that a hot page costs no compression. */
export class CompressedPages {
  readonly #kept = new LRUCache<string, Buffer>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ length }) => length + ENTRY_BYTES,
  });
  readonly #turns = new Turns(AT_ONCE);
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
    const compress = () =>
      encoding === 'gzip' ? compressGzip(plain, GZIP) : compressBrotli(plain, BROTLI_PAGE);
    const bytes = ownBytes(await this.#turns.take(compress));
    this.#kept.set(tag, bytes);
    return bytes;
  }
}

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
import type { Encoding } from './negotiation.ts';
import { Turns } from './turns.ts';

/** Where a page of 100 records is a fifth of its size, and more effort saves a tenth of that (docs/design-reading.md). */
const GZIP: ZlibOptions = { level: 6 };
const BROTLI_QUALITY = { [constants.BROTLI_PARAM_QUALITY]: 5 };
const BROTLI: BrotliOptions = { params: BROTLI_QUALITY };
/** About as long as a page can be: no page gets larger, and a fifth to a third of the time is saved (docs/design-reading.md). Bits. */
const BROTLI_PAGE: BrotliOptions = { params: { ...BROTLI_QUALITY, [constants.BROTLI_PARAM_LGWIN]: 16 } };

const compressGzip = promisify<Uint8Array, ZlibOptions, Buffer>(gzip);
const compressBrotli = promisify<Uint8Array, BrotliOptions, Buffer>(brotliCompress);

/** Pages that wait to be compressed: twice as many as requests are in flight by default, since those whose callers have left wait on. */
const MAX_WAITING = 500;

/** Pages compressed at one time: a processor is left to the event loop, or the refusals under overload would wait for it. */
const turns = new Turns(Math.max(1, availableParallelism() - 1), MAX_WAITING);

export type Compressed = Exclude<Encoding, 'identity'>;

/** A page, in its turn. */
export function compressPage(plain: Uint8Array, encoding: Compressed): Promise<Buffer> {
  return turns.take(() =>
    encoding === 'gzip' ? compressGzip(plain, GZIP) : compressBrotli(plain, BROTLI_PAGE),
  );
}

/** A stream that compresses what is written to it. */
export function compressor(encoding: Compressed) {
  return encoding === 'gzip' ? createGzip(GZIP) : createBrotliCompress(BROTLI);
}

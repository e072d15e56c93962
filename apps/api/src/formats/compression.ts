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

/** Where a page of 100 records is a fifth of its size, and more effort saves a tenth of that (decision 0013). */
const GZIP: ZlibOptions = { level: 6 };
const BROTLI: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

const compressGzip = promisify<Uint8Array, ZlibOptions, Buffer>(gzip);
const compressBrotli = promisify<Uint8Array, BrotliOptions, Buffer>(brotliCompress);

export type Compressed = Exclude<Encoding, 'identity'>;

export function compress(plain: Uint8Array, encoding: Compressed): Promise<Buffer> {
  return encoding === 'gzip' ? compressGzip(plain, GZIP) : compressBrotli(plain, BROTLI);
}

/** A stream that compresses what is written to it. */
export function compressor(encoding: Compressed) {
  return encoding === 'gzip' ? createGzip(GZIP) : createBrotliCompress(BROTLI);
}

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
import { Bulkhead } from '../bulkhead.ts';
import { OVERLOADED, ProblemError } from '../problems/problem.ts';
import type { Encoding } from './negotiation.ts';

/** Compresses a page of 100 records to a fifth; more effort saves another tenth of that (docs/design-reading.md). */
const GZIP: ZlibOptions = { level: 6 };
const BROTLI_QUALITY = { [constants.BROTLI_PARAM_QUALITY]: 5 };
const BROTLI: BrotliOptions = { params: BROTLI_QUALITY };
/** A window of 2^16 bytes, about one page: the same size in a fifth to a third less time (docs/design-reading.md). */
const BROTLI_PAGE: BrotliOptions = { params: { ...BROTLI_QUALITY, [constants.BROTLI_PARAM_LGWIN]: 16 } };

const compressGzip = promisify<Uint8Array, ZlibOptions, Buffer>(gzip);
const compressBrotli = promisify<Uint8Array, BrotliOptions, Buffer>(brotliCompress);

const bulkhead = new Bulkhead({
  // Leaves a processor to the event loop, so that refusals under overload do not wait.
  slots: Math.max(1, availableParallelism() - 1),
  // Twice the default limit of requests in flight: pages whose callers have left are still compressed.
  maxWaiting: 500,
  refusal: () => new ProblemError('overloaded', OVERLOADED),
});

export type Compressed = Exclude<Encoding, 'identity'>;

/** Throws `overloaded` when too many pages wait. */
export function compressPage(plain: Uint8Array, encoding: Compressed): Promise<Buffer> {
  return bulkhead.run(() =>
    encoding === 'gzip' ? compressGzip(plain, GZIP) : compressBrotli(plain, BROTLI_PAGE),
  );
}

export function compressor(encoding: Compressed) {
  return encoding === 'gzip' ? createGzip(GZIP) : createBrotliCompress(BROTLI);
}

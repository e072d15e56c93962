import { pipeline, Readable } from 'node:stream';
import type { Cells } from '../warehouse/warehouse.ts';
import { compressor } from './compression.ts';
import type { LineFormat } from './formats.ts';
import type { Encoding } from './negotiation.ts';

/** Small enough that a slow reader shows progress. */
const PIECE_BYTES = 32 * 1024;

export interface ExportBodyOptions {
  readonly rows: AsyncGenerator<readonly Cells[], void>;
  readonly format: LineFormat;
  readonly encoding: Encoding;
}

/**
 * All rows as a byte stream with backpressure: rows are fetched as they are read. Resolves once the first rows are read, so a read
 * error can still be sent as a problem document. A later error destroys the stream.
 */
export async function exportBody(options: ExportBodyOptions): Promise<Readable> {
  const { rows, format, encoding } = options;
  const first = await rows.next();
  async function* pieces() {
    let bytes = Buffer.from(format.head + format.lines(first.value ?? []));
    for (;;) {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
      const { value, done } = await rows.next();
      if (done) return;
      bytes = Buffer.from(format.lines(value));
    }
  }
  const plain = Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE_BYTES });
  // A generator that never started does not end the generators that it reads from.
  plain.once('close', () => void rows.return());
  if (encoding === 'identity') return plain;
  // `pipeline` passes errors and an early close on in both directions; the reader of the result handles them.
  return pipeline(plain, compressor(encoding), () => {});
}

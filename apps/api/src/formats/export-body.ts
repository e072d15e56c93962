import { pipeline, Readable } from 'node:stream';
import type { Cells } from '../warehouse/warehouse.ts';
import { compressor } from './compression.ts';
import type { LineFormat } from './formats.ts';
import type { Encoding } from './negotiation.ts';

/** What is handed on at a time, so that a slow reader is seen to read. Bytes. */
const PIECE_BYTES = 32 * 1024;

export interface ExportBodyOptions {
  readonly rows: AsyncGenerator<readonly Cells[], void>;
  readonly format: LineFormat;
  readonly encoding: Encoding;
  /** A reader that takes nothing for so long is given up. Milliseconds. */
  readonly stallMs: number;
}

/**
 * All rows as a stream of bytes that is only as fast as its reader: what is not read yet is not fetched, but for what
 * `rows` has begun to fetch itself. The first rows are there before it resolves, so that what keeps them from being read
 * can still be answered by a problem; what fails later destroys the stream.
 */
export async function exportBody(options: ExportBodyOptions): Promise<Readable> {
  const { rows, format, encoding, stallMs } = options;
  const first = await rows.next();
  async function* pieces() {
    let bytes = Buffer.from(format.head + format.lines(first.value ?? []));
    for (;;) {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const stalled = setTimeout(giveUp, stallMs);
        try {
          yield bytes.subarray(at, at + PIECE_BYTES);
        } finally {
          clearTimeout(stalled);
        }
      }
      const { value, done } = await rows.next();
      if (done) return;
      bytes = Buffer.from(format.lines(value));
    }
  }
  const plain = Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE_BYTES });
  const giveUp = () => plain.destroy(new Error(`the reader took nothing for ${stallMs} ms`));
  // A generator that was never asked for anything does not end those that it reads from.
  plain.once('close', () => void rows.return());
  if (encoding === 'identity') return plain;
  // An error, and the reader's going away, reach the other side; whoever reads hears of them.
  return pipeline(plain, compressor(encoding), () => {});
}

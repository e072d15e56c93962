import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { CloudError } from '../errors.ts';

const DECODERS = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate) };

/**
 * The body of a request, without its `Content-Encoding`. Java's clients compress every body. Throws INVALID_ARGUMENT beyond
 * `maxBytes`, counted as sent and as decoded.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks), request.headers['content-encoding'], maxBytes);
}

async function decode(body: Buffer, header: string | undefined, maxBytes: number): Promise<Buffer> {
  const encoding = header?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '' || body.byteLength === 0) return body;
  const decoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding as keyof typeof DECODERS] : undefined;
  if (!decoder) {
    throw new CloudError('INVALID_ARGUMENT', `The content encoding "${encoding}" is not supported.`, {
      hint: 'send gzip, deflate, or no Content-Encoding',
    });
  }
  try {
    return await decoder(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError || codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new CloudError('INVALID_ARGUMENT', `The body is not ${encoding}.`, { cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function tooLarge(maxBytes: number): CloudError {
  return new CloudError('INVALID_ARGUMENT', `Request payload size exceeds the limit: ${maxBytes} bytes.`);
}

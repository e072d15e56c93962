import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodingOf, tagSuffix } from '../formats/negotiation.ts';
import type { PageCache } from '../formats/page-cache.ts';
import { etagOf, isUnchanged } from './freshness.ts';

/** Short, so that clients see a new release within minutes. */
const MAX_AGE_SECONDS = 300;

/** Constant while the process runs. */
export interface Document {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function documentOf(mediaType: string, text: string, headers: Document['headers'] = {}): Document {
  const bytes = Buffer.from(text);
  return { mediaType, bytes, etag: etagOf(bytes), headers };
}

/** Compressed once per encoding. */
export async function sendDocument(
  document: Document,
  pages: PageCache,
  request: FastifyRequest,
  reply: FastifyReply,
  vary = 'Accept-Encoding',
): Promise<FastifyReply> {
  const { mediaType, bytes, headers } = document;
  const encoding = encodingOf(request);
  const etag = document.etag.replace(/"$/, `${tagSuffix(mediaType, encoding)}"`);
  const isKnown = isUnchanged(request.headers, etag);
  reply.headers({ etag, 'cache-control': `max-age=${MAX_AGE_SECONDS}`, vary });
  if (isKnown) return reply.code(304).send();
  reply.type(`${mediaType}; charset=utf-8`).headers(headers);
  if (encoding === 'identity') return reply.send(bytes);
  const body = await pages.get(etag, encoding, async () => bytes);
  return reply.header('content-encoding', encoding).send(body);
}

import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { docsPage, type OpenApiDocument } from '../documentation/docs-page.ts';
import { CONTENT_SECURITY_POLICY } from '../documentation/layout.ts';
import { problemsPage } from '../documentation/problems-page.ts';
import { encodingOf, JSON_TYPE, tagSuffix } from '../formats/negotiation.ts';
import { PROBLEMS_PATH } from '../problems/catalogue.ts';
import { etagOf, isNoneMatch } from './freshness.ts';
import type { RoutesOptions } from './options.ts';

/** Short, so that clients see a new release within minutes. */
const MAX_AGE_SECONDS = 300;

/** Constant while the process runs. */
interface Document {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'no-referrer',
};

/** The contract, for programs and for people. Each document is made on its first request, which keeps the start fast. */
export const documentationRoutes: FastifyPluginAsync<RoutesOptions> = async (app, { pages }) => {
  const makers: Readonly<Record<string, () => Document>> = {
    '/openapi.json': () => documentOf(JSON_TYPE, JSON.stringify(app.swagger())),
    '/docs': () =>
      documentOf('text/html', docsPage(app.swagger() as unknown as OpenApiDocument), PAGE_HEADERS),
    [PROBLEMS_PATH]: () => documentOf('text/html', problemsPage(), PAGE_HEADERS),
  };

  const send = async (document: Document, request: FastifyRequest, reply: FastifyReply) => {
    const { mediaType, bytes, headers } = document;
    const encoding = encodingOf(request);
    const etag = document.etag.replace(/"$/, `${tagSuffix(mediaType, encoding)}"`);
    reply.headers({ etag, 'cache-control': `max-age=${MAX_AGE_SECONDS}`, vary: 'Accept-Encoding' });
    if (isNoneMatch(request.headers['if-none-match'], etag)) return reply.code(304).send();
    reply.type(`${mediaType}; charset=utf-8`).headers(headers);
    if (encoding === 'identity') return reply.send(bytes);
    const body = await pages.get(etag, encoding, async () => bytes);
    return reply.header('content-encoding', encoding).send(body);
  };
  for (const [path, make] of Object.entries(makers)) {
    let document: Document | undefined;
    app.get(path, { schema: { hide: true } }, (request, reply) => {
      document ??= make();
      return send(document, request, reply);
    });
  }
};

function documentOf(mediaType: string, text: string, headers: Document['headers'] = {}): Document {
  const bytes = Buffer.from(text);
  return { mediaType, bytes, etag: etagOf(bytes), headers };
}

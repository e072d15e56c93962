import type { FastifyPluginAsync } from 'fastify';
import { docsPage, type OpenApiDocument } from '../documentation/docs-page.ts';
import { CONTENT_SECURITY_POLICY } from '../documentation/layout.ts';
import { HTML_TYPE, JSON_TYPE } from '../formats/negotiation.ts';
import { LANGUAGES, type Language, languageOf } from '../pages/language.ts';
import { PAGE_HEADERS } from '../pages/layout.ts';
import { problemsPage } from '../pages/problems-page.ts';
import { PROBLEMS_PATH } from '../problems/catalogue.ts';
import { type Document, documentOf, sendDocument } from './document.ts';
import type { RoutesOptions } from './options.ts';

/** The contract, for programs and for people. Each document is made on its first request, which keeps the start fast. */
export const documentationRoutes: FastifyPluginAsync<RoutesOptions> = async (app, { pages }) => {
  const makers: Readonly<Record<string, (language: Language) => Document>> = {
    '/openapi.json': () => documentOf(JSON_TYPE, JSON.stringify(app.swagger())),
    '/docs': (language) =>
      documentOf(HTML_TYPE, docsPage(app.swagger() as unknown as OpenApiDocument, language), {
        ...PAGE_HEADERS,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'content-language': language,
      }),
    [PROBLEMS_PATH]: () => documentOf(HTML_TYPE, problemsPage(), PAGE_HEADERS),
  };
  for (const [path, make] of Object.entries(makers)) {
    const isTranslated = path === '/docs';
    const documents = new Map<Language, Document>();
    app.get<{ Querystring: { lang?: unknown } }>(path, { schema: { hide: true } }, (request, reply) => {
      const { lang } = request.query;
      const chosen = LANGUAGES.find((language) => language === lang);
      const language = isTranslated ? languageOf(request, chosen) : 'en';
      const document = documents.get(language) ?? make(language);
      documents.set(language, document);
      const vary = isTranslated ? 'Accept-Encoding, Accept-Language' : 'Accept-Encoding';
      return sendDocument(document, pages, request, reply, vary);
    });
  }
};

import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { docsPage } from '../documentation/docs-page.ts';
import { CONTENT_SECURITY_POLICY } from '../documentation/layout.ts';
import type { OpenApiDocument } from '../documentation/openapi.ts';
import { problemsPage } from '../documentation/problems-page.ts';
import { PROBLEMS_PATH } from '../problems/catalogue.ts';
import { sendJson } from './send-json.ts';

/** The contract, for machines and for people. Made once, when the last route is known. */
export const documentationRoutes: FastifyPluginAsync = async (app) => {
  let openApi = '';
  let docs = '';
  const problems = problemsPage();
  app.addHook('onReady', async () => {
    const document = app.swagger();
    openApi = JSON.stringify(document);
    docs = docsPage(document as unknown as OpenApiDocument);
  });

  const hidden = { schema: { hide: true } };
  app.get('/openapi.json', hidden, async (_request, reply) => sendJson(reply, openApi));
  app.get('/docs', hidden, async (_request, reply) => sendPage(reply, docs));
  app.get(PROBLEMS_PATH, hidden, async (_request, reply) => sendPage(reply, problems));
};

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .header('referrer-policy', 'no-referrer')
    .send(page);
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { encodingOf, HTML_TYPE, JSON_TYPE, mediaTypeOf, preferredType } from '../formats/negotiation.ts';
import { type HomeQuery, homePage, homeProblemPage, ROWS } from '../pages/home-page.ts';
import { LANGUAGES, languageOf } from '../pages/language.ts';
import { PAGE_HEADERS } from '../pages/layout.ts';
import { sendProblem, toProblem } from '../plugins/problems.ts';
import { PROBLEMS_PATH } from '../problems/catalogue.ts';
import type { CountedList, RecordList } from '../warehouse/warehouse.ts';
import { documentOf, sendDocument } from './document.ts';
import { filledFields, filterOf, formParameters } from './filters.ts';
import { etagOf, freshnessHeaderSchemas, freshnessHeaders, isUnchanged, notModified } from './freshness.ts';
import { MAX_OFFSET } from './links.ts';
import { LIST_PROBLEMS, snapshotParameter, varyOf } from './list-schemas.ts';
import type { RoutesOptions } from './options.ts';
import { openFiltered, readPage } from './records.ts';

const VARY = 'Accept, Accept-Encoding, Accept-Language';
/** The first is for clients that accept anything. */
const TYPES = [JSON_TYPE, HTML_TYPE] as const;
/** Part of entity tags. Change it when the page of the same list changes: clients keep pages longer than a release lasts. */
const FORM = 1;

/** The paths of the API, for programs. */
const INDEX = {
  records: '/records',
  record: '/records/{id}',
  csv: '/records.csv',
  ndjson: '/records.ndjson',
  countries: '/countries',
  documentation: '/docs',
  openapi: '/openapi.json',
  problems: PROBLEMS_PATH,
};

const PageQuery = Type.Object(
  {
    lang: Type.Optional(
      Type.String({
        pattern: `^(${LANGUAGES.join('|')})$`,
        'x-rule': `must be ${LANGUAGES.join(' or ')}`,
        description: 'The language of the page. By default `Accept-Language` decides.',
      }),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_OFFSET,
        default: 0,
        description: 'Records that the page skips from the beginning of the list.',
      }),
    ),
    ...snapshotParameter,
    ...formParameters,
  },
  { additionalProperties: false },
);

const Index = Type.Object(
  Object.fromEntries(
    Object.keys(INDEX).map((name) => [name, Type.String({ description: `The path of the ${name}.` })]),
  ),
  { additionalProperties: false },
);

const headerSchemas = {
  ETag: freshnessHeaderSchemas.ETag,
  'Cache-Control': freshnessHeaderSchemas['Cache-Control'],
  ...varyOf(VARY),
};

export const homeRoutes: FastifyPluginAsyncTypebox<RoutesOptions> = async (
  app,
  { warehouse, pages, answerMs },
) => {
  const index = documentOf(JSON_TYPE, JSON.stringify(INDEX));
  app.get(
    '/',
    {
      handlerTimeout: answerMs,
      errorHandler: sendPageOfProblem,
      schema: {
        operationId: 'getIndex',
        summary: 'Find everything',
        description: `The paths of this API. Browsers, and other clients whose \`Accept\` prefers \`text/html\`, get a page with ${ROWS} records, a filter and downloads instead; its problems are pages, too. The parameters are for that page. An empty filter of the page accepts every value.`,
        tags: ['records'],
        querystring: PageQuery,
        response: {
          200: {
            description: 'The paths of this API.',
            headers: { ...requestIdHeader, ...headerSchemas },
            content: { [JSON_TYPE]: { schema: Index, examples: { paths: { value: INDEX } } } },
          },
          304: notModified(headerSchemas),
          ...problemResponses(...LIST_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      if (mediaTypeOf(request, TYPES) === JSON_TYPE) return sendDocument(index, pages, request, reply, VARY);
      const query = queryOf(request.query);
      const { filter, offset } = query;
      const { snapshot } = request.query;
      const language = languageOf(request, query.lang);
      const encoding = encodingOf(request);
      const open = async () => {
        const countries = await (await warehouse.openList(snapshot)).countriesIfFree();
        return { countries, list: await openFiltered(warehouse, filter, snapshot) };
      };
      const headersOf = ({ list, countries }: Opened) => {
        const content = [FORM, list.token, countries?.token, filter, offset, language, query.lang, encoding];
        return {
          ...freshnessHeaders(list.freshness),
          etag: etagOf(Buffer.from(JSON.stringify(content))),
          vary: VARY,
        };
      };
      const opened = await open();
      const known = headersOf(opened);
      if (isUnchanged(request.headers, known.etag)) return reply.code(304).headers(known).send();
      const { list: read, body } = await readPage(open, opened, ({ list, countries }) =>
        pages.get(headersOf({ list, countries }).etag, encoding, async () => {
          const { total, takenAt, token } = list;
          const rows = JSON.parse((await list.read({ limit: ROWS, offset })).toString());
          const counts = await countries?.counts();
          return homePage(language, query, { total, takenAt, token, rows, countries: counts });
        }),
      );
      if (encoding !== 'identity') reply.header('content-encoding', encoding);
      return reply.headers({ ...PAGE_HEADERS, ...headersOf(read), 'content-language': language }).send(body);
    },
  );
};

interface Opened {
  readonly list: RecordList;
  readonly countries: CountedList | undefined;
}

function queryOf(query: Static<typeof PageQuery>): HomeQuery {
  return { filter: filterOf(filledFields(query)), offset: query.offset ?? 0, lang: query.lang };
}

/** Programs get the problem document, and people a page. */
function sendPageOfProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error);
  if (preferredType(request, TYPES) !== HTML_TYPE) return sendProblem(problem, request, reply);
  const asked = askedBy(request.url);
  const language = languageOf(request, asked.lang);
  const kept = problem.problem === 'invalid-parameters' ? { lang: asked.lang } : asked;
  const body = homeProblemPage(language, kept, problem, request.id);
  const headers = { ...PAGE_HEADERS, 'content-language': language, vary: VARY };
  return sendProblem(problem, request, reply, { headers, body });
}

/** The filter and the language of a query that may not be valid. */
function askedBy(url: string): Pick<HomeQuery, 'filter' | 'lang'> {
  const query = new URLSearchParams(url.split('?', 2)[1]);
  const filter = filledFields({
    nombre: query.getAll('nombre'),
    apellido: query.getAll('apellido'),
    pais: query.getAll('pais'),
  });
  return { filter, lang: LANGUAGES.find((language) => language === query.get('lang')) };
}

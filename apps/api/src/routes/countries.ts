import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RecordRow } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { encodingOf, JSON_CONTENT_TYPE, JSON_TYPE, mediaTypeOf, tagSuffix } from '../formats/negotiation.ts';
import type { CountedList } from '../warehouse/warehouse.ts';
import { countable } from './filters.ts';
import {
  freshnessHeaderSchemas,
  freshnessHeaders,
  isUnchanged,
  lastModifiedSchema,
  notModified,
} from './freshness.ts';
import { varyOf, WAREHOUSE_PROBLEMS } from './list-schemas.ts';
import type { RoutesOptions } from './options.ts';
import { readPage } from './records.ts';

const Country = Type.Object(
  {
    pais: Type.String({ description: RecordRow.properties.pais.description ?? '' }),
    records: Type.Integer({ minimum: 1, description: 'Records with this country.' }),
  },
  { additionalProperties: false },
);
const VARY = 'Accept-Encoding';
const headerSchemas = { ...lastModifiedSchema, ...freshnessHeaderSchemas, ...varyOf(VARY) };

export const countriesRoutes: FastifyPluginAsyncTypebox<RoutesOptions> = async (
  app,
  { warehouse, pages, answerMs },
) => {
  app.get(
    '/countries',
    {
      handlerTimeout: answerMs,
      schema: {
        operationId: 'listCountries',
        summary: 'Count records by country',
        description:
          'The number of records of each country, largest first, ties by name. Names are in Unicode NFC, so that a composed and a decomposed one count as one. Counted from the list that `/records` serves. Supports `Accept-Encoding: gzip` and `br`.',
        tags: ['records'],
        querystring: Type.Object({}, { additionalProperties: false }),
        response: {
          200: {
            description: 'The countries.',
            headers: { ...requestIdHeader, ...headerSchemas },
            content: {
              [JSON_TYPE]: {
                schema: Type.Array(Country),
                examples: {
                  countries: {
                    value: [
                      { pais: 'México', records: 412 },
                      { pais: 'Chile', records: 97 },
                    ],
                  },
                },
              },
            },
          },
          304: notModified(headerSchemas),
          ...problemResponses(
            'invalid-parameters',
            'list-too-large',
            'not-acceptable',
            'precondition-failed',
            ...WAREHOUSE_PROBLEMS,
          ),
        },
      },
    },
    async (request, reply) => {
      mediaTypeOf(request, [JSON_TYPE]);
      const encoding = encodingOf(request);
      const suffix = tagSuffix(JSON_TYPE, encoding);
      const open = async () => (await warehouse.openList()).countries();
      const opened = await open();
      const known = headersOf(opened, suffix);
      if (isUnchanged(request.headers, known.etag, opened.takenAt)) {
        return reply.code(304).headers(known).send();
      }
      const { list, body } = await readPage(open, opened, (list) =>
        pages.get(headersOf(list, suffix).etag, encoding, async () =>
          JSON.stringify(await countable(list.counts())),
        ),
      );
      if (encoding !== 'identity') reply.header('content-encoding', encoding);
      return reply.headers(headersOf(list, suffix)).type(JSON_CONTENT_TYPE).send(body);
    },
  );
};

function headersOf({ token, takenAt, freshness }: CountedList, suffix: string) {
  return {
    etag: `"${token}-countries${suffix}"`,
    'last-modified': new Date(takenAt).toUTCString(),
    vary: VARY,
    ...freshnessHeaders(freshness),
  };
}

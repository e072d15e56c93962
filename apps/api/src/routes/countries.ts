import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RecordRow } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { JSON_TYPE, mediaTypeOf } from '../formats/negotiation.ts';
import type { RecordList, Warehouse } from '../warehouse/warehouse.ts';
import { ofWholeList } from './filters.ts';
import {
  freshnessHeaderSchemas,
  freshnessHeaders,
  isUnchanged,
  lastModifiedSchema,
  notModified,
} from './freshness.ts';
import { WAREHOUSE_PROBLEMS } from './list-schemas.ts';
import { readPage } from './records.ts';
import { sendJson } from './send-json.ts';

const Country = Type.Object(
  {
    pais: Type.String({ description: RecordRow.properties.pais.description ?? '' }),
    records: Type.Integer({ minimum: 1, description: 'Records that have it.' }),
  },
  { additionalProperties: false },
);
const headerSchemas = { ...lastModifiedSchema, ...freshnessHeaderSchemas };

export interface CountriesRoutesOptions {
  readonly warehouse: Warehouse;
}

/** Records per country. */
export const countriesRoutes: FastifyPluginAsyncTypebox<CountriesRoutesOptions> = async (
  app,
  { warehouse },
) => {
  app.get(
    '/countries',
    {
      schema: {
        operationId: 'listCountries',
        summary: 'Count records by country',
        description:
          'How many records each country has, most first, ties by name. Counted from the same list as `/records`, and as old.',
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
            ...WAREHOUSE_PROBLEMS,
          ),
        },
      },
    },
    async (request, reply) => {
      mediaTypeOf(request, [JSON_TYPE]);
      const open = () => warehouse.openList();
      const opened = await open();
      const known = headersOf(opened);
      if (isUnchanged(request.headers, known.etag, opened.takenAt)) {
        return reply.code(304).headers(known).send();
      }
      const { list, body } = await readPage(open, opened, (list) => ofWholeList(warehouse.countries(list)));
      return sendJson(reply.headers(headersOf(list)), JSON.stringify(body));
    },
  );
};

function headersOf({ token, takenAt, freshness }: RecordList) {
  return {
    etag: `"${token}-countries"`,
    'last-modified': new Date(takenAt).toUTCString(),
    ...freshnessHeaders(freshness),
  };
}

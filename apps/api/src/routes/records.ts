import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RecordRow, validSamples } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { MAX_OFFSET, pageLinks } from './links.ts';
import { sendJson } from './send-json.ts';

export const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

const WAREHOUSE_PROBLEMS = ['warehouse-unavailable', 'warehouse-busy', 'warehouse-timeout'] as const;

const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_LIMIT,
        default: DEFAULT_LIMIT,
        description: 'Records at most.',
      }),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_OFFSET,
        default: 0,
        description: 'Records to pass over, from the beginning of the list.',
      }),
    ),
  },
  { additionalProperties: false },
);

const NoQuery = Type.Object({}, { additionalProperties: false });
const RecordParams = Type.Object({ id: RecordRow.properties.id });

const json = (schema: object, value: unknown) => ({
  'application/json': { schema, examples: { people: { value } } },
});
const people = validSamples.slice(0, 2).map(({ value }) => value);

export interface RecordsRoutesOptions {
  readonly warehouse: Warehouse;
}

/** The list and the single record. */
export const recordsRoutes: FastifyPluginAsyncTypebox<RecordsRoutesOptions> = async (app, { warehouse }) => {
  app.get(
    '/records',
    {
      schema: {
        operationId: 'listRecords',
        summary: 'List records',
        description:
          'A page of all records, ordered by `id`, each `id` once. The body is the records and nothing else; the headers say where in the list it is. Follow `Link: rel="next"` until there is none. A row that was stored without being checked is listed as it is, even if it breaks the rules of a record.',
        tags: ['records'],
        querystring: PageQuery,
        response: {
          200: {
            description: 'The records; an empty array past the end of the list.',
            headers: {
              ...requestIdHeader,
              'X-Total-Count': Type.Integer({
                minimum: 0,
                description: 'Records in the whole list.',
                examples: [1000],
              }),
              Link: Type.String({
                description:
                  'Where to go from here (RFC 8288): `first`, `prev`, `next`, `last`, as far as they exist. The targets are relative: resolve them against the URL of the request.',
                examples: [pageLinks({ limit: 100, offset: 200 }, 1000)],
              }),
            },
            content: json(Type.Array(Type.Ref('Record#')), people),
          },
          ...problemResponses('invalid-parameters', ...WAREHOUSE_PROBLEMS),
        },
      },
    },
    async ({ query: { limit = DEFAULT_LIMIT, offset = 0 } }, reply) => {
      const range = { limit, offset };
      const { body, total } = await warehouse.readPage(range);
      reply.header('x-total-count', total);
      reply.header('link', pageLinks(range, total));
      return sendJson(reply, body);
    },
  );

  // Without this, the route below would take it for a record without an id.
  app.get('/records/', { schema: { hide: true } }, (_request, reply) => reply.callNotFound());

  app.get(
    '/records/:id',
    {
      schema: {
        operationId: 'getRecord',
        summary: 'Get a record',
        description: 'The record with this `id`.',
        tags: ['records'],
        params: RecordParams,
        querystring: NoQuery,
        response: {
          200: {
            description: 'The record.',
            headers: requestIdHeader,
            content: json(Type.Ref('Record#'), people[0]),
          },
          ...problemResponses('invalid-parameters', 'record-not-found', ...WAREHOUSE_PROBLEMS),
        },
      },
    },
    async ({ params: { id } }, reply) => {
      const body = await warehouse.readRecord(id);
      if (body === undefined) throw new ProblemError('record-not-found', `No record has the id "${id}".`);
      return sendJson(reply, body);
    },
  );
};

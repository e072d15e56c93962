import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RecordRow, validSamples } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { ProblemError } from '../problems/problem.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import { TOKEN_PATTERN } from '../warehouse/snapshots/snapshot-names.ts';
import type { PageRange, RecordList, Warehouse } from '../warehouse/warehouse.ts';
import {
  etagOf,
  freshnessHeaderSchemas,
  freshnessHeaders,
  isNoneMatch,
  lastModifiedSchema,
  notModified,
} from './freshness.ts';
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
    snapshot: Type.Optional(
      Type.String({
        pattern: TOKEN_PATTERN,
        'x-rule': 'must be a snapshot as the `Link` header of this operation carries it',
        description:
          'A state of the list, to read the pages of one walk from. Only taken from a `Link`; without it the list is as it is now.',
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

const EXAMPLE_TOKEN = '0f3a9c5e7b21-tp0ce8-0';

const pageHeaders = {
  'X-Total-Count': Type.Integer({
    minimum: 0,
    description: 'Records in the whole list.',
    examples: [1000],
  }),
  Link: Type.String({
    description:
      'Where to go from here (RFC 8288): `first`, `prev`, `next`, `last`, as far as they exist. The targets are relative: resolve them against the URL of the request. They carry the `snapshot` of this answer.',
    examples: [pageLinks({ limit: 100, offset: 200 }, 1000, EXAMPLE_TOKEN)],
  }),
  ...lastModifiedSchema,
  ...freshnessHeaderSchemas,
};

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
          'A page of all records, ordered by `id`, each `id` once. The body is the records and nothing else; the headers say where in the list it is. Follow `Link: rel="next"` until there is none: its pages are all of one moment, so that every record of that moment is there exactly once, whatever arrives meanwhile. Such a walk can last some hours; after that it is answered 410. A row that was stored without being checked is listed as it is, even if it breaks the rules of a record.',
        tags: ['records'],
        querystring: PageQuery,
        response: {
          200: {
            description: 'The records; an empty array past the end of the list.',
            headers: { ...requestIdHeader, ...pageHeaders },
            content: json(Type.Array(Type.Ref('Record#')), people),
          },
          304: notModified(pageHeaders),
          ...problemResponses('invalid-parameters', 'snapshot-expired', ...WAREHOUSE_PROBLEMS),
        },
      },
    },
    async ({ query: { limit = DEFAULT_LIMIT, offset = 0, snapshot }, headers }, reply) => {
      const range = { limit, offset };
      const opened = await warehouse.openList(snapshot);
      const known = headersOf(opened, range);
      // Before anything is read: this costs no call to the warehouse.
      if (isNoneMatch(headers['if-none-match'], known.etag)) return reply.code(304).headers(known).send();
      const { list, body } = await readPage(warehouse, opened, range);
      reply.headers(list === opened ? known : headersOf(list, range));
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
        description:
          'The record with this `id`, asked for as it is stored now and not as some list has it. An answer, be it that there is none, holds for as long as `Cache-Control` of a record says.',
        tags: ['records'],
        params: RecordParams,
        querystring: NoQuery,
        response: {
          200: {
            description: 'The record.',
            headers: { ...requestIdHeader, ...freshnessHeaderSchemas },
            content: json(Type.Ref('Record#'), people[0]),
          },
          304: notModified(freshnessHeaderSchemas),
          ...problemResponses('invalid-parameters', 'record-not-found', ...WAREHOUSE_PROBLEMS),
        },
      },
    },
    async ({ params: { id }, headers }, reply) => {
      const { body, freshness } = await warehouse.readRecord(id);
      if (body === undefined) throw new ProblemError('record-not-found', `No record has the id "${id}".`);
      const etag = etagOf(body);
      reply.headers({ etag, ...freshnessHeaders(freshness) });
      if (isNoneMatch(headers['if-none-match'], etag)) return reply.code(304).send();
      return sendJson(reply, body);
    },
  );
};

/** When the list of the present is lost while it is read, the one that takes its place is: once. */
async function readPage(warehouse: Warehouse, opened: RecordList, range: PageRange) {
  try {
    return { list: opened, body: await opened.read(range) };
  } catch (error) {
    if (!(error instanceof WarehouseError) || error.reason !== 'snapshotLost') throw error;
    const list = await warehouse.openList();
    return { list, body: await list.read(range) };
  }
}

function headersOf(list: RecordList, range: PageRange) {
  return {
    'x-total-count': String(list.total),
    link: pageLinks(range, list.total, list.token),
    'last-modified': new Date(list.takenAt).toUTCString(),
    // The bytes are those of one state of the list and one range of it.
    etag: `"${list.token}-${range.limit}-${range.offset}"`,
    ...freshnessHeaders(list.freshness),
  };
}

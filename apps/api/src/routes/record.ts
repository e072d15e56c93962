import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ID_MAX_LENGTH, RecordRow } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { JSON_TYPE, mediaTypeOf } from '../formats/negotiation.ts';
import type { Answer, Front } from '../front/front.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Freshness, Warehouse } from '../warehouse/warehouse.ts';
import {
  ageHeader,
  cacheControl,
  etagOf,
  freshnessHeaderSchemas,
  isNoneMatch,
  notModified,
} from './freshness.ts';
import { EXAMPLE_PEOPLE, WAREHOUSE_PROBLEMS } from './list-schemas.ts';
import { JSON_CONTENT_TYPE } from './send-json.ts';

/** Longer records, which are few, are left to the routes: the front keeps thousands of these. Bytes. */
const MAX_KNOWN_BYTES = 2_048;

const NoQuery = Type.Object({}, { additionalProperties: false });
const RecordParams = Type.Object({
  id: Type.String({
    ...RecordRow.properties.id,
    'x-rule': `must be 1 to ${ID_MAX_LENGTH} of A-Z a-z 0-9 . _ ~ -, not beginning with a dot`,
  }),
});

export interface RecordRoutesOptions {
  readonly warehouse: Warehouse;
  readonly front: Front;
  /** Until a request is answered, whatever it waits for. Milliseconds. */
  readonly answerMs: number;
}

/** The single record. */
export const recordRoutes: FastifyPluginAsyncTypebox<RecordRoutesOptions> = async (
  app,
  { warehouse, front, answerMs },
) => {
  // Without this, the route below would take it for a record without an id.
  app.get('/records/', { schema: { hide: true } }, (_request, reply) => reply.callNotFound());

  app.get(
    '/records/:id',
    {
      handlerTimeout: answerMs,
      schema: {
        operationId: 'getRecord',
        summary: 'Get a record',
        description:
          'The record with this `id`, whether the list has it already or it was published just now. A record holds for as long as its `Cache-Control` says. A 404 is remembered here for five seconds; while many unknown ids are asked for, until the list is renewed. It is not to be kept, and has no `Age`.',
        tags: ['records'],
        params: RecordParams,
        querystring: NoQuery,
        response: {
          200: {
            description: 'The record.',
            headers: { ...requestIdHeader, ...freshnessHeaderSchemas },
            content: {
              [JSON_TYPE]: {
                schema: Type.Ref('Record#'),
                examples: { person: { value: EXAMPLE_PEOPLE[0] } },
              },
            },
          },
          304: notModified(
            freshnessHeaderSchemas,
            'What `If-None-Match` names still holds. There is no body.',
          ),
          ...problemResponses(
            'invalid-parameters',
            'record-not-found',
            'not-acceptable',
            ...WAREHOUSE_PROBLEMS,
          ),
        },
      },
    },
    async (request, reply) => {
      mediaTypeOf(request, [JSON_TYPE]);
      const { id } = request.params;
      const { body, freshness } = await warehouse.readRecord(id);
      if (body === undefined) throw new ProblemError('record-not-found', `No record has the id "${id}".`);
      const asked = new AskedRecord();
      if (body.length <= MAX_KNOWN_BYTES) {
        front.learn(request, (headers) => {
          const { body, freshness } = warehouse.recordInMemory(id) ?? {};
          return body && freshness && asked.answer(body, freshness, headers);
        });
      }
      const { status, headers, age, body: sent } = asked.answer(body, freshness, request.headers);
      return reply
        .code(status)
        .headers({ ...headers, age })
        .send(sent);
    },
  );
};

/** A record as it is asked for. Of the last body that it had, all but its age is remembered. */
class AskedRecord {
  #last: { readonly of: Buffer; readonly ok: Remembered; readonly unchanged: Remembered } | undefined;

  answer(body: Buffer, freshness: Freshness, headers: IncomingHttpHeaders): Answer {
    if (this.#last?.of !== body) {
      const unchanged = { etag: etagOf(body), 'cache-control': cacheControl(freshness) };
      const ok = { ...unchanged, 'content-type': JSON_CONTENT_TYPE };
      this.#last = {
        of: body,
        ok: { status: 200, headers: ok, body: body.toString() },
        unchanged: { status: 304, headers: unchanged, body: undefined },
      };
    }
    const { ok, unchanged } = this.#last;
    const isKnown = isNoneMatch(headers['if-none-match'], unchanged.headers.etag);
    return { ...(isKnown ? unchanged : ok), age: ageHeader(freshness) };
  }
}

type Remembered = Omit<Answer, 'age'> & { readonly headers: { readonly etag: string } };

import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RecordRow } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { JSON_CONTENT_TYPE, JSON_TYPE, mediaTypeOf } from '../formats/negotiation.ts';
import type { Answer } from '../front/front.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Freshness } from '../warehouse/warehouse.ts';
import {
  ageHeader,
  cacheControl,
  etagOf,
  freshnessHeaderSchemas,
  isUnchanged,
  notModified,
} from './freshness.ts';
import { EXAMPLE_PEOPLE, WAREHOUSE_PROBLEMS } from './list-schemas.ts';
import type { RoutesOptions } from './options.ts';

/** The front caches thousands of records; longer ones, which are rare, are left to the route. Bytes. */
const MAX_KNOWN_BYTES = 2_048;

const NoQuery = Type.Object({}, { additionalProperties: false });
const RecordParams = Type.Object({
  id: RecordRow.properties.id,
});

export const recordRoutes: FastifyPluginAsyncTypebox<RoutesOptions> = async (
  app,
  { warehouse, front, answerMs },
) => {
  // Otherwise the route below would match it with an empty id.
  app.get('/records/', { schema: { hide: true } }, (_request, reply) => reply.callNotFound());

  app.get(
    '/records/:id',
    {
      handlerTimeout: answerMs,
      schema: {
        operationId: 'getRecord',
        summary: 'Get a record',
        description:
          'The record with this `id`, from the list or, if it was just published, from the table. The service caches a 404 for five seconds; while many unknown ids are requested, it can last until the list is renewed. A 404 has no `Age`, and clients must not cache it.',
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
            'The representation that `If-None-Match` names is unchanged. No body.',
          ),
          ...problemResponses(
            'invalid-parameters',
            'record-not-found',
            'not-acceptable',
            'precondition-failed',
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

/** The answers for one record. Everything but the age is computed once per body. */
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
    const isKnown = isUnchanged(headers, unchanged.headers.etag);
    return { ...(isKnown ? unchanged : ok), age: ageHeader(freshness) };
  }
}

type Remembered = Omit<Answer, 'age'> & { readonly headers: { readonly etag: string } };

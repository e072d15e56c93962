import type { FastifyReply } from 'fastify';
import type { JsonBytes } from '../warehouse/warehouse.ts';

export const JSON_CONTENT_TYPE = 'application/json; charset=utf-8';

/** Sends JSON that is text or bytes already. */
export function sendJson(reply: FastifyReply, body: JsonBytes): FastifyReply {
  return reply.type(JSON_CONTENT_TYPE).send(body);
}

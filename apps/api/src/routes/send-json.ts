import type { FastifyReply } from 'fastify';
import type { JsonBytes } from '../warehouse/warehouse.ts';

/** Sends JSON that is text or bytes already. */
export function sendJson(reply: FastifyReply, body: JsonBytes): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(body);
}

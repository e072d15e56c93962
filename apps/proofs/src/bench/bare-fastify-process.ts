/** The baseline of `pnpm bench api`: a Fastify route that sends the given bytes from memory. Answers its URL. */
import { fastify } from 'fastify';
import { answer } from '../shared/forked-process.ts';

export interface BareAnswer {
  readonly body: string;
  readonly type: string;
}

answer(({ body, type }: BareAnswer): Promise<string> => {
  const bytes = Buffer.from(body);
  const app = fastify();
  app.get('/', (_request, reply) => reply.type(type).send(bytes));
  return app.listen({ port: 0, host: '127.0.0.1' });
});

import { Type } from '@sinclair/typebox';
import type { FastifyPluginAsync } from 'fastify';
import { requestIdHeader, unlimitedProblemResponses } from '../documentation/responses.ts';
import { JSON_CONTENT_TYPE, JSON_TYPE } from '../formats/negotiation.ts';
import { ProblemError } from '../problems/problem.ts';
import type { RoutesOptions } from './options.ts';

const ok = (status: string, description: string) => ({
  description,
  headers: requestIdHeader,
  content: {
    [JSON_TYPE]: {
      schema: Type.Object({ status: Type.Literal(status) }, { additionalProperties: false }),
      examples: { [status]: { value: { status } } },
    },
  },
});

/** Health checks. Cloud Run reserves some paths that end in `z`. */
export const healthRoutes: FastifyPluginAsync<RoutesOptions> = async (app, { readiness }) => {
  app.get(
    '/health/live',
    {
      schema: {
        operationId: 'getLiveness',
        summary: 'Is the process alive?',
        description: 'Answers 200 while the process runs, whatever the state of the warehouse.',
        tags: ['health'],
        response: { 200: ok('alive', 'The process is alive.'), ...unlimitedProblemResponses() },
      },
    },
    async (_request, reply) => reply.type(JSON_CONTENT_TYPE).send('{"status":"alive"}'),
  );

  app.get(
    '/health/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Should this instance get traffic?',
        description:
          'Answers 200 while the table can be read, as checked within the last seconds, and until the instance stops.',
        tags: ['health'],
        response: { 200: ok('ready', 'The instance is ready.'), ...unlimitedProblemResponses('not-ready') },
      },
    },
    async (_request, reply) => {
      if (!(await readiness.isReady()))
        throw new ProblemError('not-ready', 'This instance is not ready for traffic.');
      return reply.type(JSON_CONTENT_TYPE).send('{"status":"ready"}');
    },
  );
};

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { requestIdHeader, unlimitedProblemResponses } from '../documentation/responses.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Readiness } from '../readiness.ts';
import { sendJson } from './send-json.ts';

export interface HealthRoutesOptions {
  readonly readiness: Readiness;
}

const ok = (status: string, description: string) => ({
  description,
  headers: requestIdHeader,
  content: {
    'application/json': {
      schema: Type.Object({ status: Type.Literal(status) }, { additionalProperties: false }),
      examples: { [status]: { value: { status } } },
    },
  },
});

/** For whoever runs the service. No path ends in `z`: Cloud Run keeps some of those for itself. */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (app, { readiness }) => {
  app.get(
    '/health/live',
    {
      schema: {
        operationId: 'getLiveness',
        summary: 'Is the process alive?',
        description: 'Answers as long as the process can answer at all, whatever the state of its warehouse.',
        tags: ['health'],
        response: { 200: ok('alive', 'It is.'), ...unlimitedProblemResponses() },
      },
    },
    async (_request, reply) => sendJson(reply, '{"status":"alive"}'),
  );

  app.get(
    '/health/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Should this instance get traffic?',
        description:
          'Yes while the table can be read, as of some seconds ago, and until the instance is told to stop.',
        tags: ['health'],
        response: { 200: ok('ready', 'It should.'), ...unlimitedProblemResponses('not-ready') },
      },
    },
    async (_request, reply) => {
      if (!(await readiness.isReady()))
        throw new ProblemError('not-ready', 'This instance does not take traffic now.');
      return sendJson(reply, '{"status":"ready"}');
    },
  );
};

import { METHODS } from 'node:http';
import type { FastifyInstance, FastifyRequest, HTTPMethods } from 'fastify';
import { ProblemError } from '../problems/problem.ts';

/** Collects the routes added from now on; the returned function refuses every other method on their paths (405). */
export function collectMethods(app: FastifyInstance): () => void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const name of [method].flat()) known.add(name);
    methods.set(url, known);
  });
  return () => {
    for (const name of METHODS) {
      if (!app.supportedMethods.includes(name as HTTPMethods)) app.addHttpMethod(name, { hasBody: false });
    }
    // A copy, because the routes added below are collected too.
    for (const [url, known] of [...methods]) refuseOtherMethods(app, url, [...known]);
  };
}

function refuseOtherMethods(app: FastifyInstance, url: string, known: readonly string[]): void {
  const allow = known.toSorted().join(', ');
  const refuse = async ({ method }: FastifyRequest) => {
    const detail = `This path does not support ${method}, only ${allow}.`;
    throw new ProblemError('method-not-allowed', detail, { headers: { allow } });
  };
  app.route({
    method: app.supportedMethods.filter((name) => !known.includes(name)),
    url,
    schema: { hide: true },
    // Before the body is read.
    onRequest: refuse,
    handler: refuse,
  });
}

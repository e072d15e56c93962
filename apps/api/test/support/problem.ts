import { expect } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { PROBLEMS, type ProblemName } from '../../src/problems/catalogue.ts';

/** Expects a complete problem document of this kind and returns its body. */
export function expectProblem(
  response: Pick<LightMyRequestResponse, 'statusCode' | 'headers'> & { json(): Record<string, unknown> },
  name: ProblemName,
): Record<string, unknown> {
  const { status, title } = PROBLEMS[name];
  const body = response.json();
  expect(body).toMatchObject({ type: `/problems#${name}`, title, status, detail: expect.any(String) });
  expect(body.instance).toBe(`urn:uuid:${response.headers['x-request-id']}`);
  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toBe('application/problem+json');
  expect(response.headers['cache-control']).toBe('no-store');
  return body;
}

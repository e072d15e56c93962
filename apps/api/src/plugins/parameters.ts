import { excerpt, readStrings } from '@records/runtime';
import { KindGuard, type TObject } from '@sinclair/typebox';
import type { FastifySchema, FastifySchemaCompiler } from 'fastify';
import { type ParameterError, ProblemError } from '../problems/problem.ts';

const PLACES = { params: 'path', querystring: 'query' } as const;

/**
 * A strict validator: Fastify's own would turn "1e2", " 7" and "0x10" into numbers and drop unknown parameters. Throws TypeError
 * for a route whose schema is not a path or query of simple parameters.
 */
export const compileParameters: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart, url }) => {
  if (!KindGuard.IsObject(schema) || (httpPart !== 'params' && httpPart !== 'querystring')) {
    throw new TypeError(`${url}: no validator for the ${httpPart} of a request`);
  }
  const place = PLACES[httpPart];
  return (given: Record<string, unknown>) => {
    const { values, issues = [] } = readStrings(schema, given);
    const errors: ParameterError[] = [
      ...unknownParameters(schema, given, place),
      ...issues.map(({ name, value, rule }) => ({
        in: place,
        name,
        ...(value !== undefined && { value }),
        detail: rule,
      })),
    ];
    return errors.length > 0 ? { error: invalidParameters(errors) } : { value: values };
  };
};

function invalidParameters(errors: readonly ParameterError[]): ProblemError {
  const detail = errors.map(({ name, detail }) => `${name || '""'} ${detail}`).join('; ');
  return new ProblemError('invalid-parameters', detail.endsWith('?') ? detail : `${detail}.`, { errors });
}

/** A request can carry hundreds; only the first ones are reported. */
const MAX_UNKNOWN = 10;

function unknownParameters(schema: TObject, given: object, place: ParameterError['in']): ParameterError[] {
  const known = Object.keys(schema.properties);
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .slice(0, MAX_UNKNOWN)
    .map((name) => ({
      in: place,
      name: excerpt(name),
      detail: `is not a parameter of this operation${advice(name, known)}`,
    }));
}

const LIST = new Intl.ListFormat('en-GB');

function advice(name: string, known: readonly string[]): string {
  if (known.length === 0) return ', which takes none';
  const nearest = known.find((other) => isNear(name.toLowerCase(), other));
  return nearest ? `; did you mean ${nearest}?` : `, which takes ${LIST.format(known)}`;
}

/** Whether one name is a prefix of the other, or differs by one letter added, left out, changed or swapped with the next. */
function isNear(a: string, b: string): boolean {
  if (a.length >= 3 && (a.startsWith(b) || b.startsWith(a))) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}

import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { ProblemError } from '../problems/problem.ts';

export const JSON_TYPE = 'application/json';
export const JSON_CONTENT_TYPE = 'application/json; charset=utf-8';

export const HTML_TYPE = 'text/html';

type MediaTypes = readonly [string, ...string[]];

const LIST = new Intl.ListFormat('en-GB');

/** The media ranges of an `Accept` header, and the parts of a range. Commas and semicolons in quotes do not separate. */
const RANGES = /(?:"(?:\\.|[^"\\])*"?|[^,"])+/g;
const PARTS = /(?:"(?:\\.|[^"\\])*"?|[^;"])+/g;

/** Drops every parameter except the weight: there is one representation of each type, whatever charset is requested. */
function withoutParameters(accept: string): string {
  const ranges = accept.match(RANGES) ?? [];
  return ranges
    .map((range) => {
      const [type = '', ...parameters] = range.match(PARTS) ?? [];
      return [type, ...parameters.filter((text) => /^\s*q\s*=/i.test(text))].join(';');
    })
    .join(',');
}

/** The offered media type that the client prefers, by default the first (RFC 9110, 12.5.1); undefined when it takes none. */
export function preferredType({ headers }: FastifyRequest, offered: MediaTypes): string | undefined {
  const { accept } = headers;
  if (!accept || accept === '*/*') return offered[0];
  return new Negotiator({ headers: { accept: withoutParameters(accept) } }).mediaType([...offered]);
}

/** The same. Throws `not-acceptable` when the client takes none. */
export function mediaTypeOf(request: FastifyRequest, offered: MediaTypes): string {
  const best = preferredType(request, offered);
  if (best !== undefined) return best;
  const { accept = '' } = request.headers;
  const given = accept.length > 80 ? `${accept.slice(0, 79)}…` : accept;
  throw new ProblemError(
    'not-acceptable',
    `The Accept header "${given}" matches none of the types of this path: ${LIST.format(offered)}.`,
  );
}

export type Encoding = 'gzip' | 'br' | 'identity';

/** The encoding that the client prefers, by default none (RFC 9110, 12.5.3). */
export function encodingOf({ headers }: FastifyRequest): Encoding {
  const accepted = headers['accept-encoding'];
  if (accepted === undefined || accepted === 'identity') return 'identity';
  const best = new Negotiator({ headers: { 'accept-encoding': String(accepted) } }).encoding([
    'gzip',
    'br',
    'identity',
  ]);
  return best === 'gzip' || best === 'br' ? best : 'identity';
}

const FORMS: Readonly<Record<string, string>> = { 'text/csv': '-csv2', 'application/x-ndjson': '-ndjson' };

/**
 * The suffix that tells representations of the same records apart in entity tags. Change its form when the bytes of a format change:
 * snapshots, and what clients cached of them, outlive a release.
 */
export function tagSuffix(mediaType: string, encoding: Encoding): string {
  const form = FORMS[mediaType] ?? '';
  return encoding === 'identity' ? form : `${form}-${encoding}`;
}

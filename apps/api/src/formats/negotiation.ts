import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { ProblemError } from '../problems/problem.ts';

export const JSON_TYPE = 'application/json';

const LIST = new Intl.ListFormat('en-GB');

/** The media ranges of an `Accept`, and the parts of each. What is in quotes separates nothing, closed or not. */
const RANGES = /(?:"(?:\\.|[^"\\])*"?|[^,"])+/g;
const PARTS = /(?:"(?:\\.|[^"\\])*"?|[^;"])+/g;

/** Without parameters but the weight: there is one form of each type, whatever charset or version is asked for. */
function withoutParameters(accept: string): string {
  const ranges = accept.match(RANGES) ?? [];
  return ranges
    .map((range) => {
      const [type = '', ...parameters] = range.match(PARTS) ?? [];
      return [type, ...parameters.filter((text) => /^\s*q\s*=/i.test(text))].join(';');
    })
    .join(',');
}

/**
 * The media type that the caller likes best of those that there are, the first one if it does not say
 * (RFC 9110, 12.5.1). Throws `not-acceptable` when it takes none of them.
 */
export function mediaTypeOf({ headers }: FastifyRequest, offered: readonly [string, ...string[]]): string {
  const { accept } = headers;
  if (!accept || accept === '*/*') return offered[0];
  const best = new Negotiator({ headers: { accept: withoutParameters(accept) } }).mediaType([...offered]);
  if (best !== undefined) return best;
  const given = accept.length > 80 ? `${accept.slice(0, 79)}…` : accept;
  throw new ProblemError(
    'not-acceptable',
    `The Accept header "${given}" takes none of what this path gives: ${LIST.format(offered)}.`,
  );
}

export type Encoding = 'gzip' | 'br' | 'identity';

/** How the body is compressed: as the caller likes best, and not at all if it does not say (RFC 9110, 12.5.3). */
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

/**
 * What tells representations of the same records apart in their entity tags. Who changes the bytes of a form gives it another
 * suffix: a list, and what callers keep of it, can outlive a release.
 */
export function tagSuffix(mediaType: string, encoding: Encoding): string {
  const form = mediaType === JSON_TYPE ? '' : `-${mediaType.replace(/^.*\/(x-)?/, '')}`;
  return encoding === 'identity' ? form : `${form}-${encoding}`;
}

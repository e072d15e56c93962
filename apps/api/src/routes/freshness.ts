import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Type } from '@sinclair/typebox';
import { requestIdHeader } from '../documentation/responses.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Freshness } from '../warehouse/warehouse.ts';

/** What a cache may do with a response (RFC 9111), and its age. */
export function freshnessHeaders(freshness: Freshness) {
  return { 'cache-control': cacheControl(freshness), age: ageHeader(freshness) };
}

/** Nothing may be served stale by a cache (RFC 5861): it could bring back a record that was forgotten. */
export function cacheControl({ freshMs }: Pick<Freshness, 'freshMs'>): string {
  return `max-age=${seconds(freshMs)}`;
}

export function ageHeader({ ageMs }: Pick<Freshness, 'ageMs'>): string {
  return String(seconds(ageMs));
}

const etags = new WeakMap<Uint8Array, string>();

/** A strong entity tag of immutable bytes, computed once per buffer. */
export function etagOf(body: Uint8Array): string {
  let etag = etags.get(body);
  if (etag === undefined) {
    etag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
    etags.set(body, etag);
  }
  return etag;
}

/** Whether a list of entity tags has this one, or is `*`. */
function hasTag(list: string, isSame: (tag: string) => boolean): boolean {
  return list.trim() === '*' || list.split(',').some((tag) => isSame(tag.trim()));
}

/** The three forms of RFC 9110, 5.6.7. Other dates are ignored: JavaScript would take a number for a year. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC850_DATE = /^[A-Z][a-z]{2,5}day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** In seconds; NaN for what is no date. */
function dateOf(text = ''): number {
  if (ASCTIME_DATE.test(text)) return seconds(Date.parse(`${text} GMT`));
  return HTTP_DATE.test(text) || RFC850_DATE.test(text) ? seconds(Date.parse(text)) : Number.NaN;
}

/**
 * Whether to answer 304, by the preconditions in the order of RFC 9110, 13.2.2. `modifiedAt` is the time in `Last-Modified`, in
 * milliseconds; dates count only beside it. Throws `precondition-failed`.
 */
export function isUnchanged(headers: IncomingHttpHeaders, etag: string, modifiedAt = Number.NaN): boolean {
  const modified = seconds(modifiedAt);
  const wanted = headers['if-match'];
  if (wanted === undefined) {
    if (modified > dateOf(headers['if-unmodified-since']))
      throw failed(
        `\`Last-Modified\` is ${new Date(modifiedAt).toUTCString()}, after \`If-Unmodified-Since\``,
      );
  } else if (!hasTag(wanted, (tag) => tag === etag))
    throw failed(`The \`ETag\` is ${etag}, which \`If-Match\` does not name`);
  const known = headers['if-none-match'];
  if (known !== undefined) return hasTag(known, (tag) => tag.replace(/^W\//, '') === etag);
  return modified <= dateOf(headers['if-modified-since']);
}

function failed(reason: string): ProblemError {
  return new ProblemError(
    'precondition-failed',
    `${reason}. Leave the header out to get the present representation.`,
  );
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

const header = (description: string, example: string, pattern: string) =>
  Type.String({ pattern, description, examples: [example] });

export const freshnessHeaderSchemas = {
  ETag: header(
    'Identifies this representation. Send it as `If-None-Match` to get 304 while it is unchanged.',
    '"0f3a9c5e7b21-tp0ce8-0-100-0"',
    '^"[\\x21\\x23-\\x7e]+"$',
  ),
  'Cache-Control': header(
    'How long the response stays fresh. For lists the service stretches this time to keep to its budget.',
    'max-age=60',
    '^max-age=[0-9]+$',
  ),
  Age: Type.Integer({
    minimum: 0,
    description:
      'Seconds since the response was verified. Up to twice `max-age` is normal: the previous list is served while a new one is made. More means that the warehouse does not answer.',
    examples: [12],
  }),
};

export const lastModifiedSchema = {
  'Last-Modified': header(
    'When the snapshot of the list was taken.',
    'Tue, 24 Nov 2026 05:00:00 GMT',
    '^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$',
  ),
};

const NOT_MODIFIED =
  'The representation that `If-None-Match` names, or that was current at `If-Modified-Since`, is unchanged. No body.';

/** The 304 response of an operation; `headers` are those of its 200. */
export function notModified(headers: object, description = NOT_MODIFIED): object {
  // @fastify/swagger takes this type for the absence of a body.
  return Type.Null({ description, headers: { ...requestIdHeader, ...headers } });
}

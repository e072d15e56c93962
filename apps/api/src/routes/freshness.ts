import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Type } from '@sinclair/typebox';
import { requestIdHeader } from '../documentation/responses.ts';
import type { Freshness } from '../warehouse/warehouse.ts';

/** What a cache may do with an answer (RFC 9111, RFC 5861), and how much of that time is over. */
export function freshnessHeaders(freshness: Freshness) {
  return { 'cache-control': cacheControl(freshness), age: ageHeader(freshness) };
}

export function cacheControl({ freshMs, staleMs, staleIfErrorMs }: Freshness): string {
  let directives = `max-age=${seconds(freshMs)}`;
  if (staleMs > 0) directives += `, stale-while-revalidate=${seconds(staleMs)}`;
  if (staleIfErrorMs > 0) directives += `, stale-if-error=${seconds(staleIfErrorMs)}`;
  return directives;
}

export function ageHeader({ ageMs }: Pick<Freshness, 'ageMs'>): string {
  return String(seconds(ageMs));
}

const etags = new WeakMap<Uint8Array, string>();

/** A strong entity tag of these bytes, which must not change. Of what is kept in memory it is computed once. */
export function etagOf(body: Uint8Array): string {
  let etag = etags.get(body);
  if (etag === undefined) {
    etag = digestOf(body);
    etags.set(body, etag);
  }
  return etag;
}

function digestOf(body: Uint8Array): string {
  return `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
}

/** Whether an `If-None-Match` names this entity tag, by the weak comparison that it asks for (RFC 9110, 13.1.2). */
export function isNoneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** IMF-fixdate, which all senders must use (RFC 9110, 5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Whether what the caller has still holds. `If-Modified-Since` only counts without `If-None-Match` (RFC 9110, 13.1.3). */
export function isUnchanged(headers: IncomingHttpHeaders, etag: string, takenAt: number): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return isNoneMatch(tags, etag);
  const since = headers['if-modified-since'];
  // What is no date as HTTP writes them is no condition. JavaScript would take a number for a year.
  return since !== undefined && HTTP_DATE.test(since) && seconds(takenAt) <= seconds(Date.parse(since));
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

const header = (description: string, example: string, pattern: string) =>
  Type.String({ pattern, description, examples: [example] });

export const freshnessHeaderSchemas = {
  ETag: header(
    'Names these bytes; send it as `If-None-Match` to hear whether they still hold.',
    '"0f3a9c5e7b21-tp0ce8-0-100-0"',
    '^"[\\x21\\x23-\\x7e]+"$',
  ),
  'Cache-Control': header(
    'How long the answer may be used without asking, and how much longer while a newer one is being fetched or can not be had.',
    'max-age=60, stale-while-revalidate=60, stale-if-error=43200',
    '^max-age=[0-9]+(, stale-while-revalidate=[0-9]+)?(, stale-if-error=[0-9]+)?$',
  ),
  Age: Type.Integer({
    minimum: 0,
    description:
      'Seconds since the answer was known to be true. Up to twice `max-age` is usual, since the list before is served while a new one is made; more says that the warehouse does not answer at the moment.',
    examples: [12],
  }),
};

export const lastModifiedSchema = {
  'Last-Modified': header(
    'The moment whose list this is.',
    'Tue, 24 Nov 2026 05:00:00 GMT',
    '^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$',
  ),
};

const NOT_MODIFIED =
  'What `If-None-Match` names still holds, or is as old as `If-Modified-Since`. There is no body.';

/** The 304 of an operation; `headers` are those of its 200. */
export function notModified(headers: object, description = NOT_MODIFIED): object {
  // To @fastify/swagger, this type is the absence of a body.
  return Type.Null({
    description,
    headers: { ...requestIdHeader, ...headers },
  });
}

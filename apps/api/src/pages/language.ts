import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

/** The languages of pages for people. The first is the default: most readers speak it. */
export const LANGUAGES = ['es', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language that the reader chose by a link, or that `Accept-Language` prefers. */
export function languageOf({ headers }: FastifyRequest, chosen?: string): Language {
  const best =
    chosen ??
    new Negotiator({ headers: { 'accept-language': headers['accept-language'] } }).language([...LANGUAGES]);
  return best === 'en' ? 'en' : 'es';
}

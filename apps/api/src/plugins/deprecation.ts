import type { onSendAsyncHookHandler } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** This operation is going away. */
    deprecated?: Deprecated;
  }
}

export interface Deprecated {
  /** Since when callers should leave it. */
  readonly since: Date;
  /** When it will stop to answer; not before `since`. */
  readonly sunset?: Date;
  /** Where is written what to use instead. */
  readonly link: string;
}

/** Says so on every answer of a route with `config.deprecated` (RFC 9745, RFC 8594). */
export const deprecation = fastifyPlugin(
  async (app) => {
    app.addHook('onRoute', (route) => {
      const { deprecated } = route.config ?? {};
      if (!deprecated) return;
      const { since, sunset, link } = deprecated;
      if (sunset && sunset < since) {
        throw new RangeError(`${route.url}: its sunset ${sunset.toISOString()} is before its deprecation`);
      }
      const headers = {
        deprecation: `@${Math.floor(since.getTime() / 1000)}`,
        ...(sunset && { sunset: sunset.toUTCString() }),
      };
      const announce: onSendAsyncHookHandler = async (_request, reply) => {
        const links = [reply.getHeader('link') ?? [], `<${link}>; rel="deprecation"`].flat();
        reply.headers({ ...headers, link: links.join(', ') });
      };
      route.onSend = [announce, ...[route.onSend ?? []].flat()];
    });
  },
  { name: 'deprecation' },
);

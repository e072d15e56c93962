import fastifyPlugin from 'fastify-plugin';
import { clientAddress } from '../limits/client-address.ts';
import { RateLimiter, type RatePolicy } from '../limits/rate-limiter.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { isHealth } from './problems.ts';

export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  /** Proxies of ours before this process, 0 to 2. */
  readonly proxies: number;
  readonly metrics: Metrics;
  /** Milliseconds, from any fixed point. */
  now(): number;
}

/**
 * So many requests per address and minute. Every answer says what is left, in the fields of
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/
 */
export const rateLimit = fastifyPlugin<RateLimitOptions>(
  async (app, { requestsPerMinute, proxies, metrics, now }) => {
    const policy: RatePolicy = { name: 'anonymous', quota: requestsPerMinute, windowSeconds: 60 };
    const limiter = new RateLimiter(policy, now);
    const policyField = `"${policy.name}";q=${policy.quota};w=${policy.windowSeconds}`;
    app.addHook('onRequest', (request, reply, done) => {
      if (isHealth(request)) return done();
      const { allowed, remaining, resetSeconds, retryAfterSeconds } = limiter.take(
        clientAddress(request.raw, proxies),
      );
      reply.header('ratelimit-policy', policyField);
      reply.header('ratelimit', `"${policy.name}";r=${remaining};t=${resetSeconds}`);
      if (allowed) return done();
      metrics.requestRefused('rate-limited');
      done(
        new ProblemError(
          'rate-limited',
          `More than ${policy.quota} requests in a minute came from your address. Ask again in ${retryAfterSeconds} s.`,
          { headers: { 'retry-after': String(retryAfterSeconds) } },
        ),
      );
    });
  },
  { name: 'rate-limit', dependencies: ['problems'] },
);

import type { FastifyReply } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { ApiKeys } from '../keys/api-keys.ts';
import { type AddressLimit, limitHeader, policyHeader } from '../limits/address-limit.ts';
import { clientAddress } from '../limits/client-address.ts';
import { KeyLimits } from '../limits/key-limits.ts';
import { type RateDecision, RateLimiter, type RatePolicy } from '../limits/rate-limiter.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Metrics, RefusalReason } from '../telemetry/metrics.ts';
import { isHealth } from './problems.ts';

/** Wrong keys from one address: enough for somebody who mends a mistake. */
const WRONG_KEYS: RatePolicy = { name: 'wrong-keys', quota: 10, windowSeconds: 60 };

/** No scheme is registered for keys in a header of their own. RFC 9110, 11.6.1 asks for one all the same. */
const CHALLENGE = { 'www-authenticate': 'ApiKey realm="records", header="X-API-Key"' };

export interface RateLimitOptions {
  readonly anonymous: AddressLimit;
  readonly keys: Pick<ApiKeys, 'find'>;
  /** Proxies of ours before this process, 0 to 2. */
  readonly proxies: number;
  readonly metrics: Metrics;
  /** Milliseconds, from any fixed point. */
  now(): number;
}

/** So many requests per minute: of an address, or of the key in `X-API-Key`. Every answer says what is left. */
export const rateLimit = fastifyPlugin<RateLimitOptions>(
  async (app, { anonymous, keys, proxies, metrics, now }) => {
    const byWrongKeys = new RateLimiter(WRONG_KEYS, now);
    const byKey = new KeyLimits(now);

    const assertAllowed = (
      policy: RatePolicy,
      decision: RateDecision,
      reply: FastifyReply,
      refusal: { readonly reason: RefusalReason; readonly what: string },
    ): void => {
      reply.header('ratelimit-policy', policyHeader(policy));
      reply.header('ratelimit', limitHeader(policy, decision));
      const { allowed, retryAfterSeconds } = decision;
      if (allowed) return;
      metrics.requestRefused(refusal.reason);
      throw new ProblemError(
        'rate-limited',
        `More than ${policy.quota} ${refusal.what}. Ask again in ${retryAfterSeconds} s.`,
        { headers: { 'retry-after': String(retryAfterSeconds) } },
      );
    };

    app.addHook('onRequest', (request, reply, done) => {
      if (isHealth(request.routeOptions.url)) return done();
      const given = request.raw.headers['x-api-key'];
      try {
        if (given === undefined) {
          const what = 'requests in a minute came from your address';
          const decision = anonymous.take(request.raw);
          assertAllowed(anonymous.policy, decision, reply, { reason: 'rate-limited', what });
          return done();
        }
        const key = keys.find(String(given));
        if (key === 'unavailable') {
          throw new ProblemError('keys-unavailable', 'Keys can not be checked at the moment.');
        }
        if (key === 'unknown') {
          const what = 'wrong keys in a minute came from your address';
          const decision = byWrongKeys.take(clientAddress(request.raw, proxies));
          assertAllowed(WRONG_KEYS, decision, reply, { reason: 'too-many-wrong-keys', what });
          metrics.requestRefused('wrong-key');
          throw new ProblemError(
            'invalid-key',
            'The key in X-API-Key is not one of this API: it is mistyped, revoked or expired. Without the header the request is answered within the limit for everybody.',
            { headers: CHALLENGE },
          );
        }
        const { policy, limiter } = byKey.of(key);
        const what = 'requests in a minute came with your key';
        assertAllowed(policy, limiter.take(''), reply, { reason: 'rate-limited', what });
        done();
      } catch (error) {
        done(error as Error);
      }
    });
  },
  { name: 'rate-limit', dependencies: ['problems'] },
);

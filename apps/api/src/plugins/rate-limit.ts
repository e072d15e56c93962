import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ApiKeys } from '../keys/api-keys.ts';
import { type AddressLimit, limitHeader, policyHeader } from '../limits/address-limit.ts';
import { type RateDecision, RateLimiter, type RatePolicy } from '../limits/rate-limiter.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Metrics, RefusalReason } from '../telemetry/metrics.ts';
import { isHealth } from './problems.ts';

/** Wrong keys from one address: enough to correct a typing mistake, too few to guess. */
const WRONG_KEYS: RatePolicy = { name: 'wrong-keys', quota: 10, windowSeconds: 60 };

/** RFC 9110, 11.6.1 requires a challenge; no scheme is registered for keys in a header of their own. */
const CHALLENGE = { 'www-authenticate': 'ApiKey realm="records", header="X-API-Key"' };

export interface RateLimitOptions {
  readonly anonymous: AddressLimit;
  readonly keys: Pick<ApiKeys, 'find'>;
  readonly metrics: Metrics;
  /** Milliseconds, from any fixed point. */
  now(): number;
}

/** Who sends a request. Never logged. */
interface Caller {
  /** The key's hash, or the client's address. */
  readonly id: string;
  readonly hasKey: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined for health checks, and for requests that are refused before their caller is known. */
    caller: Caller | undefined;
  }
}

/** Limits requests per minute by address, or by the key in `X-API-Key`. Every response carries the limit and the remaining quota. */
export function limitRates(app: FastifyInstance, { anonymous, keys, metrics, now }: RateLimitOptions): void {
  const byWrongKeys = new RateLimiter(now);
  const byKey = new RateLimiter(now);

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
      `More than ${policy.quota} ${refusal.what}. Retry in ${retryAfterSeconds} s.`,
      { headers: { 'retry-after': String(retryAfterSeconds) } },
    );
  };

  app.decorateRequest('caller', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    if (isHealth(request.routeOptions.url)) return done();
    const given = request.raw.headers['x-api-key'];
    try {
      if (given === undefined) {
        const what = 'requests per minute came from your address';
        const address = anonymous.addressOf(request.raw);
        request.caller = { id: address, hasKey: false };
        const decision = anonymous.take(address);
        assertAllowed(anonymous.policy, decision, reply, { reason: 'rate-limited', what });
        return done();
      }
      const key = keys.find(String(given));
      if (key === 'unavailable') {
        throw new ProblemError('keys-unavailable', 'Keys cannot be checked at the moment.');
      }
      if (key === 'unknown') {
        const what = 'wrong keys per minute came from your address';
        const decision = byWrongKeys.take(anonymous.addressOf(request.raw), WRONG_KEYS);
        assertAllowed(WRONG_KEYS, decision, reply, { reason: 'too-many-wrong-keys', what });
        metrics.requestRefused('wrong-key');
        throw new ProblemError(
          'invalid-key',
          'The key in X-API-Key is not valid: it is mistyped, revoked or expired. Without the header, the anonymous limit applies.',
          { headers: CHALLENGE },
        );
      }
      request.caller = { id: key.sha256, hasKey: true };
      const policy = { name: 'key', quota: key.requestsPerMinute, windowSeconds: 60 };
      const what = 'requests per minute came with your key';
      assertAllowed(policy, byKey.take(key.sha256, policy), reply, { reason: 'rate-limited', what });
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

import type { IncomingMessage } from 'node:http';
import { clientAddress } from './client-address.ts';
import { type RateDecision, RateLimiter, type RatePolicy } from './rate-limiter.ts';

export interface AddressLimitOptions {
  /** Per address. */
  readonly requestsPerMinute: number;
  /** Trusted proxies in front of this process, 0 to 2. */
  readonly proxies: number;
  /** Milliseconds, from any fixed point. */
  now(): number;
}

/** The rate limit of requests without a key. */
export class AddressLimit {
  readonly policy: RatePolicy;
  readonly #limiter: RateLimiter;
  readonly #proxies: number;

  constructor({ requestsPerMinute, proxies, now }: AddressLimitOptions) {
    this.policy = { name: 'anonymous', quota: requestsPerMinute, windowSeconds: 60 };
    this.#limiter = new RateLimiter(now);
    this.#proxies = proxies;
  }

  addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.#proxies);
  }

  /** Takes one request from the quota of an address, if any is left. */
  take(address: string): RateDecision {
    return this.#limiter.take(address, this.policy);
  }
}

// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/

/** The value of `RateLimit-Policy`. */
export function policyHeader({ name, quota, windowSeconds }: RatePolicy): string {
  return `"${name}";q=${quota};w=${windowSeconds}`;
}

/** The value of `RateLimit`. */
export function limitHeader({ name }: RatePolicy, { remaining, resetSeconds }: RateDecision): string {
  return `"${name}";r=${remaining};t=${resetSeconds}`;
}

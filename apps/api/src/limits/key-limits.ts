import type { KeyEntry } from '@records/api-keys';
import { LRUCache } from 'lru-cache';
import { RateLimiter, type RatePolicy } from './rate-limiter.ts';

/** More keys than the list of them can hold. */
const MAX_KEYS = 1_000;

/** A rate limit of its own for each key. */
export class KeyLimits {
  readonly #now: () => number;
  readonly #limits = new LRUCache<string, { readonly policy: RatePolicy; readonly limiter: RateLimiter }>({
    max: MAX_KEYS,
  });

  /** `now`: milliseconds, from any fixed point. */
  constructor(now: () => number) {
    this.#now = now;
  }

  of({ sha256, requestsPerMinute }: KeyEntry) {
    const known = this.#limits.get(sha256);
    if (known?.policy.quota === requestsPerMinute) return known;
    const policy: RatePolicy = { name: 'key', quota: requestsPerMinute, windowSeconds: 60 };
    const limit = { policy, limiter: new RateLimiter(policy, this.#now, 1) };
    this.#limits.set(sha256, limit);
    return limit;
  }
}

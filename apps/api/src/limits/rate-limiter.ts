import { LRUCache } from 'lru-cache';

/** Beyond these, the least recently seen caller starts with a full quota. */
const MAX_CALLERS = 50_000;

/** Allows a burst of `quota` requests, refilled evenly over `windowSeconds`. */
export interface RatePolicy {
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** Requests that may follow immediately. */
  readonly remaining: number;
  /** Seconds until the quota is full, rounded up. */
  readonly resetSeconds: number;
  /** Seconds until the next request is allowed, rounded up; 0 when it is now. */
  readonly retryAfterSeconds: number;
}

/**
 * The generic cell rate algorithm: one number per caller, the time at which its quota is full again. Each instance counts for
 * itself.
 */
export class RateLimiter {
  readonly #now: () => number;
  readonly #callers: LRUCache<string, { full: number }>;

  /** `now`: milliseconds, from any fixed point. */
  constructor(now: () => number, maxCallers = MAX_CALLERS) {
    this.#now = now;
    // `max` would allocate a place for each at once, which takes milliseconds of every start.
    this.#callers = new LRUCache({ maxSize: maxCallers, sizeCalculation: () => 1 });
  }

  /** Callers in memory. */
  get size(): number {
    return this.#callers.size;
  }

  /** Takes one request from the caller's quota, if any is left. */
  take(caller: string, { quota, windowSeconds }: RatePolicy): RateDecision {
    const now = this.#now();
    const windowMs = windowSeconds * 1000;
    const intervalMs = windowMs / quota;
    const known = this.#callers.get(caller);
    const full = Math.max(known?.full ?? now, now) + intervalMs;
    // Tolerates rounding errors.
    const waitMs = full - now - windowMs - intervalMs * 1e-6;
    const allowed = waitMs <= 0;
    if (allowed && known) known.full = full;
    else if (allowed) this.#callers.set(caller, { full });
    const usedMs = full - now - (allowed ? 0 : intervalMs);
    return {
      allowed,
      remaining: Math.max(0, Math.floor((windowMs - usedMs) / intervalMs + 1e-6)),
      resetSeconds: Math.ceil(usedMs / 1000),
      retryAfterSeconds: allowed ? 0 : Math.ceil(waitMs / 1000),
    };
  }
}

import { LRUCache } from 'lru-cache';

/** Callers that are remembered. Beyond these the one that was not seen for the longest starts anew. */
const MAX_CALLERS = 50_000;

/** `quota` requests at once, and as many in `windowSeconds`, evenly. */
export interface RatePolicy {
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** Requests that may follow at once. */
  readonly remaining: number;
  /** Until the whole quota is there again. Seconds, rounded up. */
  readonly resetSeconds: number;
  /** Until the next request is allowed: 0 when it is now. Seconds, rounded up. */
  readonly retryAfterSeconds: number;
}

/**
 * The generic cell rate algorithm: per caller one number, the time at which the whole quota is there again. Counts for
 * this process alone; a fleet allows so much per instance.
 */
export class RateLimiter {
  readonly #intervalMs: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  /** When the whole quota of a caller is there again. */
  readonly #callers: LRUCache<string, { full: number }>;

  /** `now`: milliseconds, from any fixed point. */
  constructor({ quota, windowSeconds }: RatePolicy, now: () => number, maxCallers = MAX_CALLERS) {
    this.#windowMs = windowSeconds * 1000;
    this.#intervalMs = this.#windowMs / quota;
    this.#now = now;
    this.#callers = new LRUCache({ max: maxCallers });
  }

  /** Callers in memory. */
  get size(): number {
    return this.#callers.size;
  }

  /** Takes one request of the caller's quota, if there is one. */
  take(caller: string): RateDecision {
    const now = this.#now();
    const known = this.#callers.get(caller);
    const full = Math.max(known?.full ?? now, now) + this.#intervalMs;
    // Sums of fractions: a rounding error is no request.
    const over = full - now - this.#windowMs - this.#intervalMs * 1e-6;
    if (over > 0) return this.#decision(false, full - this.#intervalMs - now, over);
    if (known) known.full = full;
    else this.#callers.set(caller, { full });
    return this.#decision(true, full - now, 0);
  }

  #decision(allowed: boolean, usedMs: number, waitMs: number): RateDecision {
    const remaining = Math.floor((this.#windowMs - usedMs) / this.#intervalMs + 1e-6);
    return {
      allowed,
      remaining: Math.max(0, remaining),
      resetSeconds: Math.ceil(usedMs / 1000),
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    };
  }
}

import { Bulkhead } from '../../bulkhead.ts';
import type { BreakerState } from '../../telemetry/metrics.ts';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';
import { Breaker, type BreakerOptions } from './breaker.ts';
import { withDeadline } from './deadline.ts';
import { RetryBudget } from './retry-budget.ts';

export interface RetryPolicy {
  /** Maximum attempts at a call, including the first. */
  readonly attempts: number;
  /** The longest backoff before the second attempt; doubles for each further one. Milliseconds. */
  readonly firstDelayMs: number;
  /** For all attempts and waits together. Milliseconds. */
  readonly deadlineMs: number;
}

/** Calls of lists in the making at a time: half, so that requests find a slot. */
const BACKGROUND_SLOTS = 32;
/** Several lists, of up to 512 samples and 500 parts each. */
const BACKGROUND_MAX_WAITING = 4_096;

/** How long `close` waits for calls in flight. Milliseconds. */
const CLOSE_MS = 2_000;

/** Sends one call, given the remaining milliseconds. */
export type Send<T> = (remainingMs: number) => Promise<T>;

/** Limits, retries and times every call of the process to the warehouse. Calls must be safe to repeat. */
export class Calls {
  readonly #policy: RetryPolicy;
  readonly #timing: Timing;
  readonly #bulkhead = new Bulkhead({
    // Four instances stay below Google's limit of 300 concurrent calls per account.
    // https://docs.cloud.google.com/bigquery/quotas#api_requests
    slots: 64,
    maxWaiting: 256,
    refusal: tooManyCalls,
  });
  readonly #background = new Bulkhead({
    slots: BACKGROUND_SLOTS,
    maxWaiting: BACKGROUND_MAX_WAITING,
    refusal: tooManyCalls,
  });
  readonly #budget = new RetryBudget();
  readonly #breaker: Breaker;
  #closing = false;

  constructor(policy: RetryPolicy, timing: Timing, onChange: BreakerOptions['onChange']) {
    this.#policy = policy;
    this.#timing = timing;
    this.#breaker = new Breaker({ timing, onChange });
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** Retries transient errors, but not timeouts, with random exponential backoff within the retry budget. Throws WarehouseError. */
  async call<T>(send: Send<T>, attempts = this.#policy.attempts): Promise<T> {
    const { deadlineMs } = this.#policy;
    const end = this.#timing.now() + deadlineMs;
    const over = new AbortController();
    this.#budget.earn();
    try {
      return await withDeadline(this.#attempt(send, attempts, end, over.signal), deadlineMs, this.#timing);
    } finally {
      over.abort(new WarehouseError('timeout', 'timeout', `no answer within ${deadlineMs} ms`));
    }
  }

  /** The same for the many calls that make a list. Their deadline begins when they leave a queue of their own. */
  callInBackground<T>(send: Send<T>, attempts = this.#policy.attempts): Promise<T> {
    return this.#background.run(() => this.call(send, attempts));
  }

  /** Throws `unavailable` when no call can be sent. */
  assertOpen(): void {
    if (this.#closing) throw new WarehouseError('unavailable', 'closing', 'this instance is stopping');
    this.#breaker.check();
  }

  /** Rejects a shared result at the deadline of a call, without stopping the work. */
  inTime<T>(result: Promise<T>): Promise<T> {
    return withDeadline(result, this.#policy.deadlineMs, this.#timing);
  }

  /** Refuses further calls. Resolves to whether the calls in flight ended within 2 s. */
  async close(): Promise<boolean> {
    this.#closing = true;
    const idle = this.#bulkhead.idle().then(() => true);
    return await withDeadline(idle, CLOSE_MS, this.#timing).catch(() => false);
  }

  async #attempt<T>(send: Send<T>, attempts: number, end: number, signal: AbortSignal): Promise<T> {
    for (let count = 1; ; count++) {
      try {
        return await this.#once(send, end, signal);
      } catch (cause) {
        const error = toWarehouseError(cause);
        const delay = this.#timing.random() * this.#policy.firstDelayMs * 2 ** (count - 1);
        const inTime = !signal.aborted && this.#timing.now() + delay < end;
        const repeats = error.retryable && count < attempts && inTime && this.#breaker.state === 'closed';
        if (!repeats || !this.#budget.spend()) throw error;
        await this.#timing.sleep(delay);
      }
    }
  }

  async #once<T>(send: Send<T>, end: number, signal: AbortSignal): Promise<T> {
    this.assertOpen();
    return await this.#bulkhead.run(async () => {
      this.assertOpen();
      return await this.#measured(send, end, signal);
    }, signal);
  }

  async #measured<T>(send: Send<T>, end: number, signal: AbortSignal): Promise<T> {
    const outcome = this.#breaker.begin();
    // The caller no longer waits, though the answer may still come.
    const giveUp = () => outcome(toWarehouseError(signal.reason));
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const result = await send(end - this.#timing.now());
      outcome();
      return result;
    } catch (cause) {
      outcome(toWarehouseError(cause));
      throw cause;
    }
  }
}

function tooManyCalls(running: number, waiting: number): WarehouseError {
  const message = `${running} calls are in flight and ${waiting} wait`;
  return new WarehouseError('busy', 'tooManyCalls', message, { retryAfterMs: 1_000 });
}

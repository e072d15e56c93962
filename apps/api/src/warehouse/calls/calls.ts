import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';
import { Breaker, type BreakerOptions, type BreakerState } from './breaker.ts';
import { withDeadline } from './deadline.ts';
import { Gate } from './gate.ts';
import { RetryBudget } from './retry-budget.ts';

export interface RetryPolicy {
  /** Attempts at one call at most, the first one included. */
  readonly attempts: number;
  /** The longest wait before the second attempt; doubles for each further one. Milliseconds. */
  readonly firstDelayMs: number;
  /** Time for everything, waits included. Milliseconds. */
  readonly deadlineMs: number;
}

/** How long `close` waits for what is under way. Milliseconds. */
const CLOSE_MS = 2_000;

/** Sends one call; what is left of its time, in milliseconds, is passed on. */
export type Send<T> = (remainingMs: number) => Promise<T>;

/** The way to the warehouse that every call of the process takes. All of them must be safe to repeat. */
export class Calls {
  readonly #policy: RetryPolicy;
  readonly #timing: Timing;
  readonly #gate = new Gate();
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

  /**
   * Calls again what failed for a passing reason, after a random wait that doubles, as long as the retries of all calls
   * are a small share of them; not when the time was used up, which is no passing reason. Throws WarehouseError.
   */
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

  /** Throws `unavailable` when no call may be made now: nobody has to wait for a turn to hear so. */
  assertOpen(): void {
    if (this.#closing) throw new WarehouseError('unavailable', 'closing', 'this instance is stopping');
    this.#breaker.check();
  }

  /** Waits for a result that others may be waiting for, too, as long as a call may take. */
  inTime<T>(result: Promise<T>): Promise<T> {
    return withDeadline(result, this.#policy.deadlineMs, this.#timing);
  }

  /** From now on every call is refused. Resolves when those under way are over, after 2 s at the latest; false then. */
  async close(): Promise<boolean> {
    this.#closing = true;
    const idle = this.#gate.idle().then(() => true);
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
    const leave = await this.#gate.enter(signal);
    try {
      this.assertOpen();
      return await this.#measured(send, end, signal);
    } finally {
      leave();
    }
  }

  async #measured<T>(send: Send<T>, end: number, signal: AbortSignal): Promise<T> {
    const outcome = this.#breaker.begin();
    // Nobody waits any longer, though the answer may still come.
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

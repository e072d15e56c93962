import { WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';

/** It opens when so many of the last calls failed. */
const RECENT_CALLS = 10;
const MAX_FAILED = 5;
/** How long it stays open at first; doubles while the call that tries fails. Milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  readonly timing: Timing;
  /** Told of every change, with what failed last; `pauseMs` is how long nothing is called, when it opens. */
  onChange(state: BreakerState, last?: { readonly error: WarehouseError; readonly pauseMs: number }): void;
}

interface Pause {
  readonly ms: number;
  readonly until: number;
  readonly error: WarehouseError;
}

/** What came of a call: nothing, or what it failed with. Only the first word on a call counts. */
export type Outcome = (error?: WarehouseError) => void;

/**
 * Stops calling what has failed again and again: callers hear so at once, and who has failed is left alone. After a
 * pause one call goes through, and what comes of it decides.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  /** Whether each of the last calls failed. */
  #recent: boolean[] = [];
  #pause: Pause | undefined;
  #trying = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    if (!this.#pause) return 'closed';
    return this.#trying || this.#pause.until <= this.#options.timing.now() ? 'half-open' : 'open';
  }

  /** Throws `unavailable` when no call may be made now. */
  check(): void {
    if (!this.#pause) return;
    const leftMs = this.#pause.until - this.#options.timing.now();
    if (leftMs <= 0 && !this.#trying) return;
    const { reason, message } = this.#pause.error;
    throw new WarehouseError(
      'unavailable',
      'circuitOpen',
      `not called at present, after ${reason}: ${message}`,
      {
        cause: this.#pause.error,
        retryAfterMs: Math.max(leftMs, FIRST_PAUSE_MS),
      },
    );
  }

  /** A call begins. Throws what `check` throws. */
  begin(): Outcome {
    this.check();
    const tries = this.#pause !== undefined;
    if (tries) {
      this.#trying = true;
      this.#options.onChange('half-open');
    }
    let over = false;
    return (error) => {
      if (over) return;
      over = true;
      this.#note(tries, error && isFailure(error) ? error : undefined);
    };
  }

  #note(tried: boolean, failure: WarehouseError | undefined): void {
    if (tried) {
      this.#trying = false;
      if (failure) this.#open(failure, Math.min(MAX_PAUSE_MS, 2 * (this.#pause?.ms ?? FIRST_PAUSE_MS)));
      else this.#close();
      return;
    }
    // A call that began before it opened says nothing new.
    if (this.#pause) return;
    this.#recent = [...this.#recent, failure !== undefined].slice(-RECENT_CALLS);
    if (failure && this.#recent.filter(Boolean).length >= MAX_FAILED) this.#open(failure, FIRST_PAUSE_MS);
  }

  #open(error: WarehouseError, ms: number): void {
    const { timing, onChange } = this.#options;
    // Shorter by up to half, by chance: instances that failed together do not come back together.
    const pauseMs = ms * (1 - timing.random() / 2);
    this.#pause = { ms, until: timing.now() + pauseMs, error };
    onChange('open', { error, pauseMs });
  }

  #close(): void {
    this.#pause = undefined;
    this.#recent = [];
    this.#options.onChange('closed');
  }
}

/** A refusal (no such table, no permission, a quota used up for the day) is an answer: the warehouse is there. */
function isFailure({ retryable, kind }: WarehouseError): boolean {
  return retryable || kind === 'timeout';
}

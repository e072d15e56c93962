import type { BreakerState } from '../../telemetry/metrics.ts';
import { WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';

/** The circuit opens when `MAX_FAILED` of the last `RECENT_CALLS` failed. */
const RECENT_CALLS = 10;
const MAX_FAILED = 5;
/** The first pause; it doubles while trial calls fail. Milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;

export interface BreakerOptions {
  readonly timing: Timing;
  /** Called at every change; when the circuit opens, with the last error and the length of the pause. */
  onChange(state: BreakerState, last?: { readonly error: WarehouseError; readonly pauseMs: number }): void;
}

interface Pause {
  readonly ms: number;
  readonly until: number;
  readonly error: WarehouseError;
}

/** Reports the outcome of a call. Only the first report counts. */
export type Outcome = (error?: WarehouseError) => void;

/**
 * A circuit breaker: after repeated failures it refuses calls at once. After a pause it lets one trial call through, whose outcome
 * closes the circuit or starts a longer pause.
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

  /** Throws `unavailable` while the circuit is open. */
  check(): void {
    if (!this.#pause) return;
    const leftMs = this.#pause.until - this.#options.timing.now();
    if (leftMs <= 0 && !this.#trying) return;
    const { reason, message } = this.#pause.error;
    throw new WarehouseError('unavailable', 'circuitOpen', `circuit open after ${reason}: ${message}`, {
      cause: this.#pause.error,
      retryAfterMs: Math.max(leftMs, FIRST_PAUSE_MS),
    });
  }

  /** Begins a call. Throws like `check`. */
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
    // A call from before the circuit opened.
    if (this.#pause) return;
    this.#recent = [...this.#recent, failure !== undefined].slice(-RECENT_CALLS);
    if (failure && this.#recent.filter(Boolean).length >= MAX_FAILED) this.#open(failure, FIRST_PAUSE_MS);
  }

  #open(error: WarehouseError, ms: number): void {
    const { timing, onChange } = this.#options;
    // Jitter of up to half, so that instances do not retry together.
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

/** A refusal, such as a missing table or permission or a spent quota, is an answer. */
function isFailure({ retryable, kind }: WarehouseError): boolean {
  return retryable || kind === 'timeout';
}

import type { Clock } from './clock.ts';
import { CloudError } from './errors.ts';
import { MAX_DELIVERY_ATTEMPTS } from './pubsub/limits.ts';

/** Probabilities from 0 to 1, each 0 when absent. */
export interface ChaosOptions {
  /** An acknowledgement is lost and the message is redelivered, at most twice. */
  readonly redeliver?: number;
  /** A message is delivered after messages that were published with it. */
  readonly reorder?: number;
  /** A message is delivered up to 5 seconds late. */
  readonly delay?: number;
  /**
   * A write to a table fails. Half of these writes store nothing; the others store their rows and lose the answer. The
   * last delivery attempt of a message never fails.
   */
  readonly failWrites?: number;
  /** A write to a table takes up to 1 second longer. */
  readonly slowWrites?: number;
  /** An integer from 0 to 2^32 - 1: equal seeds give equal decisions. 0 when absent. */
  readonly seed?: number;
}

const DELAY_MAX_MS = 5_000;
const SLOW_MAX_MS = 1_000;

/** Delivery attempts whose acknowledgement may be lost. */
const LOSABLE_ATTEMPTS = 2;
/** Delivery attempts whose write may fail: fewer than any dead-letter policy allows, so no stored message is dead-lettered. */
const FAILING_ATTEMPTS = MAX_DELIVERY_ATTEMPTS.min - 1;

/** Hash inputs that make the decisions about different faults independent. */
const FAULT = {
  redeliver: 1,
  reorder: 2,
  delay: 3,
  delayMs: 4,
  write: 5,
  answer: 6,
  slow: 7,
  slowMs: 8,
} as const;

/**
 * Injects faults that Pub/Sub's contract allows and that a local broker would not show by itself: redelivery, another
 * order, delay, and a table that fails. A decision is a hash of the seed and its subject (the message and its delivery
 * attempt, or the number of the write). It never depends on time or on earlier decisions.
 * https://docs.cloud.google.com/pubsub/docs/subscription-overview
 */
export class Chaos {
  #options: Required<ChaosOptions>;
  #writes = 0;

  constructor(options: ChaosOptions = {}) {
    this.#options = { redeliver: 0, reorder: 0, delay: 0, failWrites: 0, slowWrites: 0, seed: 0, ...options };
  }

  get options(): Required<ChaosOptions> {
    return this.#options;
  }

  /** Changes some of the options, for what is delivered and written from now on. */
  change(options: ChaosOptions): void {
    this.#options = { ...this.#options, ...options };
  }

  losesAcknowledgement(messageId: number, attempt: number): boolean {
    return (
      attempt <= LOSABLE_ATTEMPTS &&
      this.#random(FAULT.redeliver, messageId, attempt) < this.#options.redeliver
    );
  }

  /** Milliseconds before the first delivery of a message; 0 delivers it at once and in order. */
  holdsBackMs(messageId: number): number {
    const { delay, reorder } = this.#options;
    if (this.#random(FAULT.delay, messageId) < delay) {
      return 1 + Math.floor(this.#random(FAULT.delayMs, messageId) * DELAY_MAX_MS);
    }
    return this.#random(FAULT.reorder, messageId) < reorder ? 1 : 0;
  }

  /** Runs an append and may slow it down or fail it. `attempt` is the highest among its messages. Throws UNAVAILABLE. */
  async append<T>(attempt: number, clock: Clock, append: () => Promise<readonly T[]>): Promise<readonly T[]> {
    const { failWrites, slowWrites } = this.#options;
    const write = ++this.#writes;
    if (this.#random(FAULT.slow, write) < slowWrites) {
      const ms = 1 + Math.floor(this.#random(FAULT.slowMs, write) * SLOW_MAX_MS);
      await new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
    }
    const fails = attempt <= FAILING_ATTEMPTS && this.#random(FAULT.write, write) < failWrites;
    const isWritten = !fails || this.#random(FAULT.answer, write) < 0.5;
    const errors = isWritten ? await append() : [];
    if (!fails) return errors;
    const what = isWritten ? 'the answer to' : 'the rows of';
    throw new CloudError('UNAVAILABLE', `Chaos lost ${what} write ${write}.`);
  }

  /** A number from 0 to below 1 that depends on the seed, the fault and the subject alone. */
  #random(fault: number, ...subject: readonly number[]): number {
    let hash = mixed(this.#options.seed ^ Math.imul(fault, 0x9e3779b1));
    for (const part of subject) hash = mixed(hash ^ mixed(part));
    return hash / 2 ** 32;
  }
}

/** MurmurHash3's finalizer: https://github.com/aappleby/smhasher/wiki/MurmurHash3 */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

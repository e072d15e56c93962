import type { Clock } from './clock.ts';
import { CloudError } from './errors.ts';
import { MAX_DELIVERY_ATTEMPTS } from './pubsub/limits.ts';

/** Probabilities from 0 to 1, each 0 when absent. */
export interface ChaosOptions {
  /** An acknowledgement is lost, and the message delivered again: twice at most. */
  readonly redeliver?: number;
  /** A message is delivered after those that came with it. */
  readonly reorder?: number;
  /** A message is delivered up to 5 seconds late. */
  readonly delay?: number;
  /** A write to a table fails: half of them in truth, of the others only the answer is lost. Never the last attempt at a message. */
  readonly failWrites?: number;
  /** A write to a table takes up to a second longer. */
  readonly slowWrites?: number;
  /** An integer from 0 to 2^32 - 1: equal seeds make equal decisions. 0 when absent. */
  readonly seed?: number;
}

const DELAY_MAX_MS = 5_000;
const SLOW_MAX_MS = 1_000;

/** Attempts whose acknowledgement may be lost. */
const LOSABLE_ATTEMPTS = 2;
/** Attempts whose write may fail: fewer than any dead-letter policy allows, so that nothing that was stored is buried as well. */
const FAILING_ATTEMPTS = MAX_DELIVERY_ATTEMPTS.min - 1;

/** What a decision is about, so that each fault has luck of its own. */
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
 * Faults that Pub/Sub's contract allows and a local broker has no reason to make: at-least-once delivery, in any order,
 * at any time, into a table that may not answer. A decision depends on the seed and on what it is about (the message, its
 * attempt, the number of the write), never on time or on what was decided before.
 * https://docs.cloud.google.com/pubsub/docs/subscription-overview
 */
export class Chaos {
  readonly #options: Required<ChaosOptions>;
  #writes = 0;

  constructor(options: ChaosOptions = {}) {
    this.#options = { redeliver: 0, reorder: 0, delay: 0, failWrites: 0, slowWrites: 0, seed: 0, ...options };
  }

  losesAcknowledgement(messageId: number, attempt: number): boolean {
    return (
      attempt <= LOSABLE_ATTEMPTS && this.#luck(FAULT.redeliver, messageId, attempt) < this.#options.redeliver
    );
  }

  /** Milliseconds before a message is delivered for the first time; 0: at once, in its order. */
  holdsBackMs(messageId: number): number {
    const { delay, reorder } = this.#options;
    if (this.#luck(FAULT.delay, messageId) < delay) {
      return 1 + Math.floor(this.#luck(FAULT.delayMs, messageId) * DELAY_MAX_MS);
    }
    return this.#luck(FAULT.reorder, messageId) < reorder ? 1 : 0;
  }

  /** An append to a table as it is on a bad day. `attempt`: the highest of its messages. Throws UNAVAILABLE. */
  async append<T>(attempt: number, clock: Clock, append: () => Promise<readonly T[]>): Promise<readonly T[]> {
    const { failWrites, slowWrites } = this.#options;
    const write = ++this.#writes;
    if (this.#luck(FAULT.slow, write) < slowWrites) {
      const ms = 1 + Math.floor(this.#luck(FAULT.slowMs, write) * SLOW_MAX_MS);
      await new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
    }
    const fails = attempt <= FAILING_ATTEMPTS && this.#luck(FAULT.write, write) < failWrites;
    const isWritten = !fails || this.#luck(FAULT.answer, write) < 0.5;
    const errors = isWritten ? await append() : [];
    if (!fails) return errors;
    const what = isWritten ? 'the answer to' : 'the rows of';
    throw new CloudError('UNAVAILABLE', `Chaos lost ${what} write ${write}.`);
  }

  /** From 0 to below 1, always the same for the same subject. */
  #luck(fault: number, ...subject: readonly number[]): number {
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

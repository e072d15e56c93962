import { uptime } from 'node:os';
import { setTimeout } from 'node:timers/promises';

/** The clock and the source of randomness, passed in so that tests need not sleep. */
export interface Timing {
  /** Milliseconds from any fixed point, suspension included. For ages, waits and budgets. */
  now(): number;
  /** Whole milliseconds since the Unix epoch, about the same on every instance. Runs like `now()`: it never jumps with the wall clock. */
  date(): number;
  /** Resolves after `ms`, or rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 to below 1. */
  random(): number;
}

/** All in milliseconds. */
export interface Clocks {
  /** Never goes back, and may stand still while the machine is suspended. */
  monotonic(): number;
  /** Since the machine started, suspension included. */
  sinceBoot(): number;
  /** Since the Unix epoch. Jumps when somebody sets it. */
  wall(): number;
}

/** The interval between readings of the wall clock and the uptime. Milliseconds. */
const READ_MS = 1_000;
/** How fast `date()` follows a wall clock that was set: 1.2 s a minute. */
const SLEW = 0.02;
/** Some systems give the uptime in whole seconds, so a shorter suspension cannot be told from rounding. Milliseconds. */
const ROUNDING_MS = 2_000;

/**
 * A clock that a change of the wall clock neither stops nor moves. `date()` begins at the wall clock and approaches it slowly, so a
 * change distorts ages by 2 % at most. After a suspension both times catch up at once: the uptime tells it from a change.
 */
export class SteadyClock {
  readonly #clocks: Clocks;
  #suspendedMs: number;
  /** When the other clocks were read, by `now()`. */
  #readAt: number;
  /** `date()` less `now()` at that moment. */
  #epoch: number;
  /** How far the wall clock was ahead of `date()`. */
  #ahead = 0;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#suspendedMs = clocks.sinceBoot() - clocks.monotonic();
    this.#readAt = clocks.monotonic() + this.#suspendedMs;
    this.#epoch = clocks.wall() - this.#readAt;
  }

  now(): number {
    const now = this.#clocks.monotonic() + this.#suspendedMs;
    return now - this.#readAt < READ_MS ? now : this.#read(now);
  }

  date(): number {
    return Math.floor(this.#dateOf(this.now()));
  }

  #dateOf(now: number): number {
    const most = SLEW * (now - this.#readAt);
    return now + this.#epoch + Math.min(Math.max(this.#ahead, -most), most);
  }

  #read(before: number): number {
    const { sinceBoot, wall } = this.#clocks;
    this.#epoch = this.#dateOf(before) - before;
    const suspendedMs = sinceBoot() - before;
    const now = suspendedMs > ROUNDING_MS ? before + suspendedMs : before;
    this.#suspendedMs += now - before;
    this.#readAt = now;
    this.#ahead = wall() - (now + this.#epoch);
    return now;
  }
}

const clock = new SteadyClock({
  monotonic: () => performance.now(),
  sinceBoot: () => uptime() * 1_000,
  wall: () => Date.now(),
});

export const systemTiming: Timing = {
  now: () => clock.now(),
  date: () => clock.date(),
  sleep: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : undefined),
  random: Math.random,
};

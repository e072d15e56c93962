import { uptime } from 'node:os';

/** A timer of `Clock.setTimeout`. */
export interface Timer {
  cancel(): void;
}

/** Everything in this package that waits, waits on a clock, so tests do not sleep. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds. Does not keep the process alive. */
  setTimeout(callback: () => void, ms: number): Timer;
}

/** The longest delay of Node's setTimeout; a longer one fires at once. https://nodejs.org/api/timers.html */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The interval between readings of the uptime. Milliseconds. */
const READ_MS = 1_000;
/** Some systems give the uptime in whole seconds, so a shorter suspension cannot be told from rounding. Milliseconds. */
const ROUNDING_MS = 2_000;

/**
 * The wall clock at the start, and the time since then, suspensions of the machine included: nothing waits for an hour when
 * somebody sets the wall clock back, and nothing expires when somebody sets it forward.
 */
class SteadyTime {
  readonly #epoch = Date.now() - performance.now();
  readonly #bootMs = uptime() * 1_000 - performance.now();
  #readAt = performance.now();
  #suspendedMs = 0;

  now(): number {
    const monotonic = performance.now();
    if (monotonic - this.#readAt >= READ_MS) {
      this.#readAt = monotonic;
      const suspendedMs = uptime() * 1_000 - monotonic - this.#bootMs;
      if (suspendedMs - this.#suspendedMs > ROUNDING_MS) this.#suspendedMs = suspendedMs;
    }
    return Math.floor(this.#epoch + monotonic + this.#suspendedMs);
  }
}

const time = new SteadyTime();

export const systemClock: Clock = {
  now: () => time.now(),
  setTimeout(callback, ms) {
    const handle = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_DELAY_MS));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A clock that moves only when a test advances it. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const timer = { at: this.#now + Math.max(ms, 0), callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves time forward and runs due timers in order of time, those that callbacks start included. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
    await settle();
  }
}

/** Runs pending promises and the callbacks of I/O that has arrived. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

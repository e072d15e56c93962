import { SteadyClock, type Timing } from '../../src/warehouse/timing.ts';

interface Sleeper {
  readonly at: number;
  readonly resolve: () => void;
}

/** The start of a window of any length. */
const START = Date.UTC(2026, 0, 1);

/** A clock that tests advance. Waits between calls end at once and are recorded. */
export class FakeTiming implements Timing {
  /** Recorded waits between calls. Milliseconds. */
  readonly waits: number[] = [];
  #now = 0;
  #suspendedMs = 0;
  #wallStepMs = 0;
  #sleepers: Sleeper[] = [];
  readonly #clock = new SteadyClock({
    monotonic: () => this.#now,
    sinceBoot: () => this.#now + this.#suspendedMs,
    wall: () => START + this.#now + this.#suspendedMs + this.#wallStepMs,
  });

  now(): number {
    return this.#clock.now();
  }

  date(): number {
    return this.#clock.date();
  }

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!signal) {
      this.waits.push(ms);
      this.advance(ms);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#now + ms, resolve };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });
  }

  /** Sets the wall clock forward, or back if negative. */
  stepWall(ms: number): void {
    this.#wallStepMs += ms;
  }

  /** Suspends the machine: its monotonic clock stands still. */
  suspend(ms: number): void {
    this.#suspendedMs += ms;
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const { resolve } of due) resolve();
  }
}

import type { Timing } from '@records/api/testing';

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** The time of this machine, plus what was skipped. A skip wakes the sleepers whose time has come. */
export class SkippingTiming implements Timing {
  #skipped = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return performance.now() + this.#skipped;
  }

  date(): number {
    return Date.now() + this.#skipped;
  }

  random(): number {
    return Math.random();
  }

  skip(ms: number): void {
    this.#skipped += ms;
    for (const sleeper of this.#sleepers) if (sleeper.at <= this.now()) sleeper.wake();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        this.#sleepers.delete(sleeper);
      };
      const giveUp = (): void => {
        leave();
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        at: this.now() + ms,
        wake: () => {
          leave();
          resolve();
        },
      };
      const timer = setTimeout(sleeper.wake, ms);
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted) giveUp();
    });
  }
}

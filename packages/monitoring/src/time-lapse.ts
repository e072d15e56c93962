import { duration } from './units.ts';

/**
 * How fast time runs for Prometheus rules. Windows, waits and ages are divided by `factor`; numbers of requests, messages and bytes,
 * and how long a request takes, are not.
 */
export class TimeLapse {
  readonly factor: number;

  /** Throws RangeError for a factor below 1. */
  constructor(factor: number) {
    if (!(factor >= 1)) throw new RangeError(`a time-lapse needs a factor of at least 1, not ${factor}`);
    this.factor = factor;
  }

  seconds(real: number): number {
    return real / this.factor;
  }

  /** A range or a wait of Prometheus, such as `5m`. */
  window(realSeconds: number): string {
    return duration(this.seconds(realSeconds));
  }
}

export const REAL_TIME = new TimeLapse(1);

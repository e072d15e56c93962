import { duration } from './units.ts';

/**
 * How fast time runs for rules. Windows, waits and ages of a system that is looked at `factor` times as fast are divided by
 * it; numbers of requests, messages and bytes, and how long one request takes, are not.
 */
export class TimeLapse {
  readonly factor: number;

  /** Throws RangeError for a factor below 1. */
  constructor(factor: number) {
    if (!(factor >= 1)) throw new RangeError(`a time-lapse is by a factor of 1 or more, not ${factor}`);
    this.factor = factor;
  }

  seconds(real: number): number {
    return real / this.factor;
  }

  /** For a range or a wait of Prometheus: `5m`. */
  window(realSeconds: number): string {
    return duration(this.seconds(realSeconds));
  }
}

export const REAL_TIME = new TimeLapse(1);

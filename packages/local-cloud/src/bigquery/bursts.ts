import type { Clock } from '../clock.ts';

/** Events that are at most this far apart are one burst. */
const BURST_MS = 60_000;

/** Tells bursts of an event apart, so that the log has one line for each. */
export class Bursts {
  readonly #clock: Clock;
  #last = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it for each event. Returns whether the event begins a burst. */
  begins(): boolean {
    const now = this.#clock.now();
    const begins = now - this.#last > BURST_MS;
    this.#last = now;
    return begins;
  }
}

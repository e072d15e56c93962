import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../telemetry/metrics.ts';
import { InFlightLimit } from './in-flight-limit.ts';

/** Interval between observations of the event loop's delay, and the resolution of the delay. Milliseconds. */
const LOOK_MS = 500;
const RESOLUTION_MS = 20;

export interface LoadOptions {
  readonly maxInFlight: number;
  /** Average, in milliseconds. */
  readonly maxEventLoopDelayMs: number;
  readonly metrics: Metrics;
}

/** Counts requests in flight, and decides whether one more can be answered in time. */
export class Load {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #limit: InFlightLimit;
  readonly #look: NodeJS.Timeout;
  #inFlight = 0;

  constructor({ maxInFlight, maxEventLoopDelayMs, metrics }: LoadOptions) {
    this.#limit = new InFlightLimit(maxInFlight);
    this.#delay.enable();
    let p99 = 0;
    this.#look = setInterval(() => {
      // The histogram measures whole timer intervals.
      this.#limit.look(this.#delay.mean / 1e6 - RESOLUTION_MS > maxEventLoopDelayMs);
      p99 = Math.max(0, this.#delay.percentile(99) / 1e9 - RESOLUTION_MS / 1000);
      this.#delay.reset();
    }, LOOK_MS).unref();
    metrics.observeLoad(() => ({ inFlight: this.#inFlight, eventLoopDelaySeconds: p99 }));
  }

  /** Admits a request, or returns false. Call `leave` when an admitted request ends. */
  enter(): boolean {
    if (this.#inFlight >= this.#limit.now) return false;
    this.#inFlight++;
    return true;
  }

  leave(): void {
    this.#inFlight--;
  }

  close(): void {
    clearInterval(this.#look);
    this.#delay.disable();
  }
}

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../telemetry/metrics.ts';
import { InFlightLimit } from './in-flight-limit.ts';

/** How often the delay of the event loop is looked at, and how finely it is measured. Milliseconds. */
const LOOK_MS = 500;
const RESOLUTION_MS = 20;

export interface LoadOptions {
  /** Requests being answered at one time. */
  readonly maxInFlight: number;
  /** How late the event loop may be on average. Milliseconds. */
  readonly maxEventLoopDelayMs: number;
  readonly metrics: Metrics;
}

/** How many requests are being answered, and whether one more can be in time. */
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
      // The histogram counts whole intervals of the timer.
      this.#limit.look(this.#delay.mean / 1e6 - RESOLUTION_MS > maxEventLoopDelayMs);
      p99 = Math.max(0, this.#delay.percentile(99) / 1e9 - RESOLUTION_MS / 1000);
      this.#delay.reset();
    }, LOOK_MS).unref();
    metrics.observeLoad(() => ({ inFlight: this.#inFlight, eventLoopDelaySeconds: p99 }));
  }

  /** One more request, if it can be answered in time. Who is let in must `leave`. */
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

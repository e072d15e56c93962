import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../telemetry/metrics.ts';
import { InFlightLimit } from './in-flight-limit.ts';

/** Interval between observations of the event loop's delay, and the resolution of the delay. Milliseconds. */
const LOOK_MS = 500;
const RESOLUTION_MS = 20;
/** The share of the places that one caller may hold. */
const CALLER_SHARE = 0.75;

export interface LoadOptions {
  readonly maxInFlight: number;
  /** Average, in milliseconds. */
  readonly maxEventLoopDelayMs: number;
  readonly metrics: Metrics;
}

/** Why a request is not admitted: the instance is full, or its caller has as many requests in flight as one may have. */
export type Full = 'instance' | 'caller';

/** Counts requests in flight, and decides whether one more can be answered in time. */
export class Load {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #limit: InFlightLimit;
  readonly #look: NodeJS.Timeout;
  readonly #byCaller = new Map<string, number>();
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

  /** Admits a request and returns the function that frees its place, once; or says what is full. */
  enter(caller: string): (() => void) | Full {
    const limit = this.#limit.now;
    const own = this.#byCaller.get(caller) ?? 0;
    if (this.#inFlight >= limit) return 'instance';
    if (own >= Math.ceil(limit * CALLER_SHARE)) return 'caller';
    this.#byCaller.set(caller, own + 1);
    this.#inFlight++;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#inFlight--;
      const left = (this.#byCaller.get(caller) ?? 1) - 1;
      if (left > 0) this.#byCaller.set(caller, left);
      else this.#byCaller.delete(caller);
    };
  }

  close(): void {
    clearInterval(this.#look);
    this.#delay.disable();
  }
}

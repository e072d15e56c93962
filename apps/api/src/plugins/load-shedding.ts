import { monitorEventLoopDelay } from 'node:perf_hooks';
import fastifyPlugin from 'fastify-plugin';
import { InFlightLimit } from '../limits/in-flight-limit.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { isHealth } from './problems.ts';

/** How often the delay of the event loop is looked at, and how finely it is measured. Milliseconds. */
const LOOK_MS = 500;
const RESOLUTION_MS = 20;

/** One for all: the stack of each would be a tenth of what a refusal costs. */
const OVERLOADED = new ProblemError(
  'overloaded',
  'This instance has as many requests as it can answer in time.',
);

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether it counts as being answered: not one that was answered before it came that far. */
    isInFlight: boolean;
  }
}

export interface LoadSheddingOptions {
  /** Requests being answered at one time. */
  readonly maxInFlight: number;
  /** How late the event loop may be on average. Milliseconds. */
  readonly maxEventLoopDelayMs: number;
  readonly metrics: Metrics;
}

/** Refuses at once what could only be answered too late, so that the rest is answered in time. */
export const loadShedding = fastifyPlugin<LoadSheddingOptions>(
  async (app, { maxInFlight, maxEventLoopDelayMs, metrics }) => {
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    let inFlight = 0;
    const limit = new InFlightLimit(maxInFlight);
    let p99 = 0;
    const look = setInterval(() => {
      // The histogram counts whole intervals of the timer.
      limit.look(delay.mean / 1e6 - RESOLUTION_MS > maxEventLoopDelayMs);
      p99 = Math.max(0, delay.percentile(99) / 1e9 - RESOLUTION_MS / 1000);
      delay.reset();
    }, LOOK_MS).unref();
    metrics.observeLoad(() => ({ inFlight, eventLoopDelaySeconds: p99 }));

    app.decorateRequest('isInFlight', false);
    app.addHook('onRequest', (request, _reply, done) => {
      if (isHealth(request)) return done();
      request.isInFlight = true;
      inFlight++;
      if (inFlight <= limit.now) return done();
      metrics.requestRefused('overloaded');
      done(OVERLOADED);
    });
    // Also for a caller that went away.
    app.addHook('onResponse', (request, _reply, done) => {
      if (request.isInFlight) inFlight--;
      done();
    });
    app.addHook('onClose', async () => {
      clearInterval(look);
      delay.disable();
    });
  },
  { name: 'load-shedding', dependencies: ['problems'] },
);

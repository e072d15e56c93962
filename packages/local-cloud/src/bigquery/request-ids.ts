import type { Access } from '../callers.ts';
import type { Clock } from '../clock.ts';
import type { Job } from './jobs.ts';

/** How long a `requestId` is remembered. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
const LIFETIME_MS = 15 * 60 * 1000;
const MAX_IDS = 10_000;

/** The jobs of `requestId`s. */
export class RequestIds {
  readonly #clock: Clock;
  readonly #known = new Map<string, { job: Promise<Job>; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Requests of one caller with the same `requestId` share one job. */
  once(access: Access, requestId: string, start: () => Promise<Job>): Promise<Job> {
    const now = this.#clock.now();
    const key = JSON.stringify([access.member ?? null, requestId]);
    const known = this.#known.get(key);
    if (known && known.at + LIFETIME_MS > now) return known.job;
    const job = start();
    this.#known.delete(key);
    this.#known.set(key, { job, at: now });
    // A request that is refused starts nothing.
    job.catch(() => this.#known.delete(key));
    for (const [id, { at }] of this.#known) {
      if (this.#known.size <= MAX_IDS && at + LIFETIME_MS > now) break;
      this.#known.delete(id);
    }
    return job;
  }
}

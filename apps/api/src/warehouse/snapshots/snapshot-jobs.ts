import type { TableName } from '@records/runtime';
import type { WarehouseMetrics } from '../../telemetry/metrics.ts';
import type { BigQueryClient } from '../bigquery-client.ts';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Job } from '../replies.ts';
import type { Timing } from '../timing.ts';
import type { SnapshotName, SnapshotNames } from './snapshot-names.ts';

/** BigQuery is asked to end a job that takes longer, and nobody waits longer for one. Milliseconds. */
const JOB_TIMEOUT_MS = 120_000;
/** The longest that one call waits for a job. Milliseconds. */
const WAIT_MS = 5_000;
/** Between two looks at a job that can not be waited for. Milliseconds. */
const PAUSE_MS = 250;

/** Jobs that one window can have. The waits between them double, so that the last ones are half an hour apart. */
const MAX_ATTEMPTS = 12;
/** So many follow each other at once if what failed was a passing fault of BigQuery. */
const ATTEMPTS_AT_ONCE = 3;

export interface SnapshotJobsOptions {
  readonly client: BigQueryClient;
  readonly names: SnapshotNames;
  readonly statement: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timing: Timing;
  readonly metrics: WarehouseMetrics;
  /** Sends one call with the retries and the deadline of a call. */
  call<T>(send: () => Promise<T>, attempts?: number): Promise<T>;
}

export interface FinishedJob {
  readonly name: SnapshotName;
  readonly destination: TableName;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly takenAt: number;
  /** Whether the job was made by this very call, and not by somebody before. */
  readonly created: boolean;
}

interface Failure {
  readonly start: number;
  readonly attempt: number;
  readonly error: WarehouseError;
  /** When the next attempt may be made. Milliseconds since the epoch. */
  readonly over: number;
}

/** Makes the job of a window, or meets the one that another instance made. */
export class SnapshotJobs {
  readonly #options: SnapshotJobsOptions;
  #failure: Failure | undefined;

  constructor(options: SnapshotJobsOptions) {
    this.#options = options;
  }

  /** The finished job of the window. A job that failed has used up its id; the next attempt has one of its own. */
  async obtain(start: number, maximumBytesBilled: number): Promise<FinishedJob> {
    for (;;) {
      const failure = this.#failure?.start === start ? this.#failure : undefined;
      if (failure && !this.#mayFollow(failure)) throw failure.error;
      const name = this.#options.names.of(start, failure ? failure.attempt + 1 : 0);
      const inserted = await this.#insert(name, maximumBytesBilled);
      const job = await this.#finish(name, inserted ?? (await this.#get(name)));
      if (!job.failure && job.destination) {
        const { destination, creationTime: takenAt, billedBytes } = job;
        // Whoever made the job counts it, so that a fleet counts it once.
        if (inserted) this.#options.metrics.bytesBilled('snapshot', billedBytes ?? 0);
        return { name, destination, takenAt, created: inserted !== undefined };
      }
      this.#note(
        name,
        job.failure ?? new WarehouseError('refused', 'noResult', `${name.jobId} has no result`),
      );
    }
  }

  /** The finished job with this name; undefined when there is none. */
  async find(name: SnapshotName): Promise<FinishedJob | undefined> {
    try {
      const { done, failure, destination, creationTime: takenAt } = await this.#get(name);
      if (done && !failure && destination) return { name, destination, takenAt, created: false };
    } catch (error) {
      if (toWarehouseError(error).reason !== 'notFound') throw error;
    }
    return undefined;
  }

  /** The result of this attempt can not be had: the next one has to be made. */
  giveUp(name: SnapshotName, error: WarehouseError): void {
    this.#note(name, error);
  }

  #insert({ jobId }: SnapshotName, maximumBytesBilled: number): Promise<Job | undefined> {
    const { client, statement: query, labels, call } = this.#options;
    const job = { jobId, query, labels, maximumBytesBilled, jobTimeoutMs: JOB_TIMEOUT_MS };
    return call(() => client.insertJob(job));
  }

  #get({ jobId }: SnapshotName): Promise<Job> {
    return this.#options.call(() => this.#options.client.getJob(jobId));
  }

  async #finish(name: SnapshotName, found: Job): Promise<Job> {
    const { client, timing, call } = this.#options;
    const end = timing.now() + JOB_TIMEOUT_MS;
    let job = found;
    while (!job.done) {
      if (timing.now() >= end) {
        const error = new WarehouseError('timeout', 'timeout', `${name.jobId} is not done`);
        this.#note(name, error);
        throw error;
      }
      // What a job failed with is in its status, and what keeps it from being waited for meets the look at it, too.
      await call(() => client.waitForJob(name.jobId, WAIT_MS), 1).catch(() => {});
      job = await this.#get(name);
      if (!job.done) await timing.sleep(PAUSE_MS);
    }
    return job;
  }

  #note({ start, attempt }: SnapshotName, error: WarehouseError): void {
    this.#failure = { start, attempt, error, over: this.#options.timing.date() + 1000 * 2 ** attempt };
  }

  #mayFollow({ attempt, error, over }: Failure): boolean {
    if (attempt + 1 >= MAX_ATTEMPTS) return false;
    return (error.retryable && attempt + 1 < ATTEMPTS_AT_ONCE) || this.#options.timing.date() >= over;
  }
}

import type { TableName } from '@records/runtime';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { BigQueryClient } from '../bigquery-client.ts';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Job } from '../replies.ts';
import type { Timing } from '../timing.ts';
import type { SnapshotName, SnapshotNames } from './snapshot-names.ts';

/** The limit of a job, and of waiting for one. Milliseconds. */
const JOB_TIMEOUT_MS = 120_000;
/** The longest wait of one call for a job. Milliseconds. */
const WAIT_MS = 5_000;
/** Interval between polls of a job that `waitForJob` cannot wait for. Milliseconds. */
const PAUSE_MS = 250;

/** Jobs per window. The waits between them double, up to half an hour. */
const MAX_ATTEMPTS = 12;
/** Jobs that follow each other without a wait after transient errors. */
const ATTEMPTS_AT_ONCE = 3;

export interface SnapshotJobsOptions {
  readonly client: BigQueryClient;
  readonly names: SnapshotNames;
  readonly statement: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timing: Timing;
  readonly metrics: Metrics;
  /** Sends one call, with retries and a deadline. */
  call<T>(send: () => Promise<T>, attempts?: number): Promise<T>;
}

export interface FinishedJob {
  readonly name: SnapshotName;
  readonly destination: TableName;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly takenAt: number;
  /** Whether this call created the job. */
  readonly created: boolean;
}

interface Failure {
  readonly start: number;
  readonly attempt: number;
  readonly error: WarehouseError;
  /** When the next attempt may be made. Milliseconds since the epoch. */
  readonly over: number;
}

/** Creates the job of a window, or attaches to the one that another instance created. */
export class SnapshotJobs {
  readonly #options: SnapshotJobsOptions;
  #failure: Failure | undefined;

  constructor(options: SnapshotJobsOptions) {
    this.#options = options;
  }

  /** The finished job of the window. A failed job has used up its id, so the next attempt has another. */
  async obtain(start: number, maximumBytesBilled: number): Promise<FinishedJob> {
    for (;;) {
      const failure = this.#failure?.start === start ? this.#failure : undefined;
      if (failure && !this.#mayFollow(failure)) throw failure.error;
      const name = this.#options.names.of(start, failure ? failure.attempt + 1 : 0);
      const inserted = await this.#insert(name, maximumBytesBilled);
      const job = await this.#finish(name, inserted ?? (await this.#get(name)));
      if (!job.failure && job.destination) {
        const { destination, creationTime: takenAt, billedBytes } = job;
        // Only its creator counts the bytes, so that a fleet counts them once.
        if (inserted) this.#options.metrics.bytesBilled('snapshot', billedBytes ?? 0);
        return { name, destination, takenAt, created: inserted !== undefined };
      }
      const noResult = new WarehouseError('refused', 'noResult', `${name.jobId} has no result`);
      this.giveUp(name, job.failure ?? noResult);
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

  /** Records that this attempt has no result, so that the next one is made. */
  giveUp({ start, attempt }: SnapshotName, error: WarehouseError): void {
    this.#failure = { start, attempt, error, over: this.#options.timing.date() + 1000 * 2 ** attempt };
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
        this.giveUp(name, error);
        throw error;
      }
      // `getJob` reports the error of the job, and any error that lasts.
      await call(() => client.waitForJob(name.jobId, WAIT_MS), 1).catch(() => {});
      job = await this.#get(name);
      if (!job.done) await timing.sleep(PAUSE_MS);
    }
    return job;
  }

  #mayFollow({ attempt, error, over }: Failure): boolean {
    if (attempt + 1 >= MAX_ATTEMPTS) return false;
    return (error.retryable && attempt + 1 < ATTEMPTS_AT_ONCE) || this.#options.timing.date() >= over;
  }
}

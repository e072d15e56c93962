import type { TableName } from '@records/runtime';
import type { BigQueryClient, JobCall } from '../bigquery-client.ts';
import type { Calls } from '../calls/calls.ts';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Job } from '../replies.ts';
import type { Timing } from '../timing.ts';
import { type Attempt, lifeMs, MAX_ATTEMPTS, WALK_MS } from './list-names.ts';

/** The limit of a job, and of waiting for one. Milliseconds. */
export const JOB_TIMEOUT_MS = 120_000;
/** The longest wait of one call for a job. Milliseconds. */
const WAIT_MS = 5_000;
/** Interval between polls of a job that `waitForJob` cannot wait for. Milliseconds. */
const PAUSE_MS = 250;

/** Attempts that follow each other without a wait after transient errors. */
const ATTEMPTS_AT_ONCE = 3;

export interface ListJobsOptions {
  readonly client: BigQueryClient;
  readonly calls: Calls;
  readonly timing: Timing;
}

/** The jobs of one attempt: the first, and those that its parameters describe. */
export interface Plan {
  first(attempt: Attempt): JobCall;
  rest(attempt: Attempt, first: Job): readonly JobCall[];
}

export interface FinishedJobs extends Attempt {
  /** In the order of the plan. */
  readonly jobs: readonly FinishedJob[];
  /** Whether this call created the first job. */
  readonly created: boolean;
}

export interface FinishedJob extends Job {
  readonly destination: TableName;
}

interface Failure extends Attempt {
  readonly error: WarehouseError;
  /** When the next attempt may be made. Milliseconds since the epoch. */
  readonly over: number;
}

/** Creates the jobs of a period, or attaches to those that another instance created. */
export class ListJobs {
  readonly #options: ListJobsOptions;
  #failure: Failure | undefined;

  constructor(options: ListJobsOptions) {
    this.#options = options;
  }

  /**
   * The finished jobs of the period that begins at `start`. A failed job has used up its id, so the next attempt has another. The waits
   * between attempts double, up to half an hour.
   */
  async obtain({ start, extra }: Omit<Attempt, 'attempt'>, plan: Plan): Promise<FinishedJobs> {
    for (;;) {
      const failure = this.#failure?.start === start ? this.#failure : undefined;
      if (failure && !this.#mayFollow(failure)) throw failure.error;
      const attempt = { start, extra, attempt: failure ? failure.attempt + 1 : 0 };
      const firstCall = plan.first(attempt);
      const inserted = await this.#insert(firstCall);
      const first = inserted ?? (await this.#get(firstCall.jobId));
      try {
        const others = plan.rest(attempt, first).map(async (call) => {
          const job = (await this.#insert(call)) ?? (await this.#get(call.jobId));
          return this.#finish(call.jobId, job);
        });
        const jobs = await Promise.all([this.#finish(firstCall.jobId, first), ...others]);
        return { ...attempt, jobs, created: inserted !== undefined };
      } catch (cause) {
        if (!(cause instanceof JobFailure)) throw cause;
        this.giveUp(attempt, cause.reason);
      }
    }
  }

  /** The finished jobs of an attempt; undefined when they do not all exist, or were given up. */
  async find(attempt: Attempt, plan: Plan): Promise<FinishedJobs | undefined> {
    const failure = this.#failure;
    if (failure?.start === attempt.start && failure.attempt >= attempt.attempt) return undefined;
    try {
      const first = finished(await this.#get(plan.first(attempt).jobId));
      const others = plan.rest(attempt, first).map(async ({ jobId }) => finished(await this.#get(jobId)));
      return { ...attempt, jobs: [first, ...(await Promise.all(others))], created: false };
    } catch (error) {
      if (!(error instanceof JobFailure) && toWarehouseError(error).reason !== 'notFound') throw error;
      return undefined;
    }
  }

  /** Records that this attempt has no result, so that the next one is made. */
  giveUp({ start, attempt, extra }: Attempt, error: WarehouseError): void {
    this.#failure = { start, attempt, extra, error, over: this.#options.timing.date() + 1000 * 2 ** attempt };
  }

  /** The error to throw when reading these tables fails. After `expired` the tables are gone, and the next attempt makes others. */
  lostIfExpired(error: unknown, attempt: Attempt): unknown {
    if (!(error instanceof WarehouseError) || error.kind !== 'expired') return error;
    return this.lost(error, attempt);
  }

  /** The tables of this attempt are gone: the next one is made. */
  lost(error: WarehouseError, attempt: Attempt): WarehouseError {
    const lost = listLost(error);
    this.giveUp(attempt, lost);
    return lost;
  }

  /** Tables of the scratch dataset expire after twice the time of a walk, which is too early for those of long periods. */
  async keepLong(made: FinishedJobs): Promise<void> {
    if (made.extra === 0) return;
    const { client, calls, timing } = this.#options;
    const expiration = timing.date() + lifeMs(made) + WALK_MS;
    await Promise.all(
      made.jobs.map(({ destination }) =>
        calls.callInBackground(() => client.expireTable(destination, expiration)),
      ),
    );
  }

  #insert(call: JobCall): Promise<Job | undefined> {
    return this.#options.calls.callInBackground(() => this.#options.client.insertJob(call));
  }

  #get(jobId: string): Promise<Job> {
    return this.#options.calls.callInBackground(() => this.#options.client.getJob(jobId));
  }

  async #finish(jobId: string, found: Job): Promise<FinishedJob> {
    const { client, timing, calls } = this.#options;
    const end = timing.now() + JOB_TIMEOUT_MS;
    let job = found;
    while (!job.done) {
      if (timing.now() >= end) {
        throw new JobFailure(new WarehouseError('timeout', 'timeout', `${jobId} is not done`));
      }
      // `getJob` reports the error of the job, and any error that lasts.
      await calls.callInBackground(() => client.waitForJob(jobId, WAIT_MS), 1).catch(() => {});
      job = await this.#get(jobId);
      if (!job.done) await timing.sleep(PAUSE_MS);
    }
    return finished(job);
  }

  #mayFollow({ attempt, error, over }: Failure): boolean {
    if (attempt + 1 >= MAX_ATTEMPTS) return false;
    return (error.retryable && attempt + 1 < ATTEMPTS_AT_ONCE) || this.#options.timing.date() >= over;
  }
}

/** A job that has ended without a result, or does not end. */
class JobFailure extends Error {
  readonly reason: WarehouseError;

  constructor(reason: WarehouseError) {
    super(reason.message);
    this.reason = reason;
  }
}

function finished(job: Job): FinishedJob {
  const { done, failure, destination } = job;
  if (done && !failure && destination) return { ...job, destination };
  throw new JobFailure(failure ?? new WarehouseError('refused', 'noResult', 'the job has no result'));
}

/** The tables of a list disappeared early. */
export function listLost(cause: WarehouseError): WarehouseError {
  const message = `the tables of a list are gone: ${cause.message}`;
  return new WarehouseError('unavailable', 'snapshotLost', message, { cause, retryable: true });
}

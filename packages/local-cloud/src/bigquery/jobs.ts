import { randomUUID } from 'node:crypto';
import type { Access } from '../callers.ts';
import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import type { Bytes } from './billing.ts';
import { stopped } from './duckdb-errors.ts';
import type { QueryConfiguration } from './job-configuration.ts';
import { assertJobId } from './names.ts';
import type { Outcome, QueryEngine } from './query-engine.ts';
import type { Field } from './types.ts';

/** Jobs kept in memory. Beyond this the oldest finished jobs are evicted; Google keeps jobs for six months. */
const MAX_JOBS = 5_000;

export type JobState = 'RUNNING' | 'DONE';

export interface JobOptions {
  readonly access: Access;
  readonly jobId?: unknown;
  readonly location?: unknown;
}

/** What planning says about a query before it runs. */
export interface JobSummary {
  readonly statementType: string;
  readonly bytes: Bytes;
  readonly referencedTables: readonly TableReference[];
  /** Columns of the result; undefined for a statement without a result. */
  readonly fields: readonly Field[] | undefined;
}

/** A query job: its configuration, its state and its outcome. */
export class Job {
  readonly id: string;
  readonly location: string;
  /** Whether the caller named the location. */
  readonly locationIsFixed: boolean;
  configuration: QueryConfiguration;
  /** The configuration as the caller sent it, for responses. */
  readonly configurationResource: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly creationTime: number;
  endTime: number | undefined;
  summary: JobSummary | undefined;
  outcome: Outcome | undefined;
  error: CloudError | undefined;
  /** Access of the caller that created the job. */
  readonly access: Access;
  readonly abort = new AbortController();
  /** Resolves when the job is done; never rejects. */
  done: Promise<void> = Promise.resolve();

  constructor(
    id: string,
    place: { readonly location: string; readonly isFixed: boolean },
    configuration: QueryConfiguration,
    configurationResource: Readonly<Record<string, unknown>>,
    creationTime: number,
    access: Access,
  ) {
    this.id = id;
    this.location = place.location;
    this.locationIsFixed = place.isFixed;
    this.configuration = configuration;
    this.configurationResource = configurationResource;
    this.creationTime = creationTime;
    this.access = access;
  }

  get owner(): string | undefined {
    return this.access.member;
  }

  get state(): JobState {
    return this.endTime === undefined ? 'RUNNING' : 'DONE';
  }
}

/** The project's jobs. They are lost when the process ends. */
export class Jobs {
  readonly #projectId: string;
  readonly #location: string;
  readonly #clock: Clock;
  readonly #engine: QueryEngine;
  readonly #jobs = new Map<string, Job>();
  readonly #onBilled: (bytes: Bytes) => void;

  constructor(
    context: { projectId: string; location: string; clock: Clock },
    engine: QueryEngine,
    onBilled: (bytes: Bytes) => void,
  ) {
    this.#projectId = context.projectId;
    this.#location = context.location;
    this.#clock = context.clock;
    this.#engine = engine;
    this.#onBilled = onBilled;
  }

  /** Registers and starts a job. Throws ALREADY_EXISTS for a used id. */
  start(
    configuration: QueryConfiguration,
    resource: Readonly<Record<string, unknown>>,
    options: JobOptions,
  ): Job {
    const job = this.create(configuration, resource, options);
    if (this.#jobs.has(job.id)) {
      throw new CloudError(
        'ALREADY_EXISTS',
        `Already Exists: Job ${this.#projectId}:${job.location}.${job.id}`,
      );
    }
    this.register(job);
    job.done = this.#run(job);
    return job;
  }

  /** Creates a job that is not registered: for a dry run, or for a query whose job is optional. */
  create(
    configuration: QueryConfiguration,
    resource: Readonly<Record<string, unknown>>,
    options: JobOptions,
  ): Job {
    const jobId = options.jobId ?? `job_${randomUUID().replaceAll('-', '_')}`;
    assertJobId(jobId);
    const given = typeof options.location === 'string' && options.location ? options.location : undefined;
    const place = { location: given ?? this.#location, isFixed: given !== undefined };
    return new Job(jobId, place, configuration, resource, this.#clock.now(), options.access);
  }

  /** Runs a job made by `create` and sets its outcome or its error. */
  async run(job: Job): Promise<void> {
    job.done = this.#run(job);
    await job.done;
  }

  async #run(job: Job): Promise<void> {
    const { jobTimeoutMs } = job.configuration;
    const timer =
      jobTimeoutMs === undefined
        ? undefined
        : this.#clock.setTimeout(() => job.abort.abort(new Error('timeout')), jobTimeoutMs);
    try {
      const plan = await this.#engine.plan(job.configuration, job);
      const { translation, bytes, referencedTables } = plan;
      const { statementType } = translation;
      const fields = translation.kind === 'query' ? translation.fields : undefined;
      job.summary = { statementType, bytes, referencedTables, fields };
      if (!job.configuration.dryRun) {
        job.outcome = await this.#engine.execute(plan, job.abort.signal);
        this.#onBilled(bytes);
      }
    } catch (error) {
      job.error = job.abort.signal.aborted ? stopped() : asCloudError(error);
    } finally {
      timer?.cancel();
      // Parameters may be large, and the job stays in memory.
      job.configuration = { ...job.configuration, parameters: [] };
      job.endTime = this.#clock.now();
    }
  }

  /** Throws NOT_FOUND. Outside US and EU a job is found only with its location. */
  find(jobId: string, location: string | undefined): Job {
    const job = this.#jobs.get(jobId);
    const where = location || (job && /^(US|EU)$/i.test(job.location) ? job.location : 'US');
    if (job && job.location.toLowerCase() === where.toLowerCase()) return job;
    throw new CloudError(
      'NOT_FOUND',
      `Not found: Job ${this.#projectId}:${location ? `${location}.` : ''}${jobId}`,
      {
        hint: job
          ? `the job runs in ${job.location}: pass location=${job.location}`
          : 'jobs are lost when the local cloud stops',
      },
    );
  }

  /** The latest job first. */
  list(): Job[] {
    return [...this.#jobs.values()].reverse();
  }

  /** Waits up to `timeoutMs` on the injected clock. Returns whether the job is done. */
  async wait(job: Job, timeoutMs: number): Promise<boolean> {
    if (job.state === 'DONE' || timeoutMs === 0) return job.state === 'DONE';
    const timedOut = new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(resolve, timeoutMs);
      void job.done.then(() => timer.cancel());
    });
    await Promise.race([job.done, timedOut]);
    return job.endTime !== undefined;
  }

  /** Registers a job made by `create`, so that its caller can find it. */
  register(job: Job): void {
    this.#jobs.set(job.id, job);
    this.#evictOldest();
  }

  #evictOldest(): void {
    for (const job of this.#jobs.values()) {
      if (this.#jobs.size <= MAX_JOBS) return;
      if (job.state === 'DONE') this.#jobs.delete(job.id);
    }
  }
}

function asCloudError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  return new CloudError('INTERNAL', 'An internal error occurred and the request could not be completed.', {
    cause: error,
    reason: 'internalError',
  });
}

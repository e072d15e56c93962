import { randomUUID } from 'node:crypto';
import type { Access } from '../callers.ts';
import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import type { Bytes } from './billing.ts';
import { stopped } from './duckdb-errors.ts';
import type { ConfigurationInput } from './job-configuration.ts';
import { assertJobId } from './names.ts';
import type { Outcome } from './query-engine.ts';
import type { Field } from './types.ts';

/** Jobs kept in memory. Beyond this the oldest finished jobs are evicted; Google keeps jobs for six months. */
const MAX_JOBS = 5_000;

type JobState = 'RUNNING' | 'DONE';
export type JobType = 'QUERY' | 'LOAD' | 'COPY';

/** What planning says about a query before it runs. */
export interface JobSummary {
  readonly statementType: string;
  readonly bytes: Bytes;
  readonly referencedTables: readonly TableReference[];
  /** Columns of the result; undefined for a statement without a result. */
  readonly fields: readonly Field[] | undefined;
}

/** The part of a script that a job runs. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#ScriptStatistics */
interface ScriptPart {
  readonly parentJobId: string;
  readonly evaluationKind: 'STATEMENT' | 'EXPRESSION';
  /** The innermost first. */
  readonly frames: readonly Readonly<Record<string, number | string>>[];
}

/** What a job does. */
export interface JobWork {
  readonly type: JobType;
  /** Where it runs. */
  readonly location: string;
  readonly jobTimeoutMs: number | undefined;
  /** Whether it is known to fail before it runs. */
  readonly isMistaken?: boolean;
  /** Called once. It sets what the job shows: `summary`, `outcome`, `statistics`. */
  run(job: Job): Promise<void>;
}

/** A job: its configuration, its state and its outcome. */
export class Job {
  readonly id: string;
  readonly type: JobType;
  readonly location: string;
  /** For responses. */
  readonly configuration: ConfigurationInput;
  /** Milliseconds since the epoch. */
  readonly creationTime: number;
  endTime: number | undefined;
  summary: JobSummary | undefined;
  outcome: Outcome | undefined;
  /** Of a part of a script. */
  script: ScriptPart | undefined;
  /** Of a statement inside a transaction. */
  transactionId: string | undefined;
  /** The jobs of its script. */
  children = 0;
  /** Of a load or copy job: the statistics that only its type has. */
  statistics: Readonly<Record<string, string>> | undefined;
  error: CloudError | undefined;
  /** Errors of single rows of a load job. */
  rowErrors: readonly CloudError[] = [];
  /** Access of the caller that created the job. */
  readonly access: Access;
  readonly abort = new AbortController();
  /** Resolves when the job is done; never rejects. */
  done: Promise<void> = Promise.resolve();

  constructor(
    id: string,
    { type, location }: JobWork,
    configuration: ConfigurationInput,
    creationTime: number,
    access: Access,
  ) {
    this.id = id;
    this.type = type;
    this.location = location;
    this.configuration = configuration;
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
  readonly #clock: Clock;
  readonly #jobs = new Map<string, Job>();

  constructor({ projectId, clock }: { projectId: string; clock: Clock }) {
    this.#projectId = projectId;
    this.#clock = clock;
  }

  /** Registers and starts a job. Throws ALREADY_EXISTS for an id that its location has. */
  start(work: JobWork, configuration: ConfigurationInput, access: Access, jobId: string | undefined): Job {
    const job = this.create(work, configuration, access, jobId);
    this.register(job);
    void this.run(job, work);
    return job;
  }

  /** Creates a job that is not registered: for a dry run, or for a query whose job is optional. */
  create(work: JobWork, configuration: ConfigurationInput, access: Access, given?: string): Job {
    const jobId = given || `job_${randomUUID().replaceAll('-', '_')}`;
    assertJobId(jobId);
    return new Job(jobId, work, configuration, this.#clock.now(), access);
  }

  /** Runs a job made by `create` and sets its outcome or its error. */
  async run(job: Job, work: JobWork): Promise<void> {
    job.done = this.#run(job, work);
    await job.done;
  }

  async #run(job: Job, { jobTimeoutMs, run }: JobWork): Promise<void> {
    const timer =
      jobTimeoutMs === undefined
        ? undefined
        : this.#clock.setTimeout(() => job.abort.abort(timedOut(jobTimeoutMs)), jobTimeoutMs);
    try {
      await run(job);
    } catch (error) {
      const { aborted, reason } = job.abort.signal;
      job.error = aborted ? (reason instanceof CloudError ? reason : stopped()) : asCloudError(error);
    } finally {
      timer?.cancel();
      job.endTime = this.#clock.now();
    }
  }

  /** Forgets a finished job and the jobs of its script. Throws INVALID_ARGUMENT for one that runs. */
  delete(job: Job): void {
    if (job.state !== 'DONE') {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Job ${this.#projectId}:${job.location}.${job.id} is running: cancel it first`,
      );
    }
    this.#jobs.delete(keyOf(job));
    if (job.children === 0) return;
    for (const [key, { script, location }] of this.#jobs) {
      if (script?.parentJobId === job.id && location === job.location) this.#jobs.delete(key);
    }
  }

  /** Throws NOT_FOUND. Outside US and EU a job is found only with its location. */
  find(jobId: string, location: string | undefined): Job {
    const places = location ? [location] : ['US', 'EU'];
    for (const place of places) {
      const found = this.#jobs.get(keyOf({ id: jobId, location: place }));
      if (found) return found;
    }
    const job = this.list().find(({ id }) => id === jobId);
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

  /** Registers a job made by `create`, so that its caller can find it. Throws ALREADY_EXISTS for a used id. */
  register(job: Job): void {
    const key = keyOf(job);
    const known = this.#jobs.get(key);
    if (known && known !== job) {
      throw new CloudError(
        'ALREADY_EXISTS',
        `Already Exists: Job ${this.#projectId}:${job.location}.${job.id}`,
      );
    }
    this.#jobs.set(key, job);
    this.#evictOldest();
  }

  #evictOldest(): void {
    for (const [key, job] of this.#jobs) {
      if (this.#jobs.size <= MAX_JOBS) return;
      if (job.state === 'DONE') this.#jobs.delete(key);
    }
  }
}

/** Each location has ids of its own. */
function keyOf({ id, location }: Pick<Job, 'id' | 'location'>): string {
  return `${location.toLowerCase()}.${id}`;
}

function timedOut(afterMs: number): CloudError {
  return new CloudError('CANCELLED', `Job execution was cancelled: Job timed out after ${afterMs / 1000}s`, {
    reason: 'stopped',
  });
}

function asCloudError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  return new CloudError('INTERNAL', 'An internal error occurred and the request could not be completed.', {
    cause: error,
    reason: 'internalError',
  });
}

import type { Access } from '../callers.ts';
import { requireOnJob } from './access.ts';
import type { FormatOptions } from './cells.ts';
import type { Copies } from './copies.ts';
import type { DailyQuota } from './daily-quota.ts';
import type { ServiceContext } from './datasets.ts';
import { invalid } from './errors.ts';
import {
  type ConfigurationInput,
  type JobInput,
  type JobReferenceInput,
  parseQuery,
  type QueryRequest,
} from './job-configuration.ts';
import { type JobResource, jobReference, jobResource } from './job-resources.ts';
import { JobResults, type QueryResponse } from './job-results.ts';
import type { Job, Jobs, JobWork } from './jobs.ts';
import type { Media } from './load-rows.ts';
import type { Loads } from './loads.ts';
import { listPage, type PageRequest } from './page.ts';
import type { QueryEngine } from './query-engine.ts';
import { QueryJobs } from './query-jobs.ts';
import { RequestIds } from './request-ids.ts';
import type { Results } from './results.ts';
import type { TableData } from './table-data.ts';
import type { Usage } from './usage.ts';

/** How long jobs.query and jobs.getQueryResults wait for a job, by default and at most. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 200_000;

export interface QueryResultsRequest extends PageRequest {
  readonly location?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly formatOptions?: FormatOptions;
}

export interface JobListRequest {
  readonly maxResults?: number | undefined;
  readonly pageToken?: string | undefined;
  readonly stateFilter?: readonly string[] | undefined;
  /** Also the jobs of other callers, as far as this one may see them. */
  readonly allUsers?: boolean | undefined;
  readonly projection?: 'full' | 'minimal' | undefined;
  /** Milliseconds since the epoch. */
  readonly minCreationTime?: string | undefined;
  readonly maxCreationTime?: string | undefined;
  readonly parentJobId?: string | undefined;
}

/** A job in the response of jobs.list. */
type JobListItem = Pick<
  JobResource,
  'kind' | 'id' | 'jobReference' | 'user_email' | 'status' | 'statistics'
> & {
  readonly state: string;
  readonly errorResult?: JobResource['status']['errorResult'];
  readonly configuration?: JobResource['configuration'];
};

/** The `jobs` resource of the REST API. */
export class JobService {
  readonly #context: ServiceContext;
  readonly #engine: QueryEngine;
  readonly #jobs: Jobs;
  readonly #results: JobResults;
  readonly #queries: QueryJobs;
  readonly #loads: Loads;
  readonly #copies: Copies;
  readonly #requests: RequestIds;

  constructor(
    context: ServiceContext,
    jobs: Jobs,
    engine: QueryEngine,
    tableData: TableData,
    results: Results,
    usage: Usage,
    quota: DailyQuota,
    loads: Loads,
    copies: Copies,
  ) {
    this.#context = context;
    this.#loads = loads;
    this.#copies = copies;
    this.#engine = engine;
    this.#jobs = jobs;
    this.#results = new JobResults(context, tableData, results);
    this.#queries = new QueryJobs(context, engine, jobs, this.#results, usage, quota);
    this.#requests = new RequestIds(context.clock);
  }

  /** `media` is the file of a load job, which deletes it. */
  async insert(access: Access, input: JobInput, media?: Media): Promise<JobResource> {
    try {
      return await this.#insert(access, input, media);
    } catch (error) {
      await media?.delete();
      throw error;
    }
  }

  async #insert(
    access: Access,
    { jobReference = {}, configuration }: JobInput,
    media: Media | undefined,
  ): Promise<JobResource> {
    const { projectId } = this.#context;
    if (!configuration) throw invalid('Required parameter is missing: configuration');
    if (jobReference.projectId && jobReference.projectId !== projectId) {
      throw invalid(
        `Invalid value for jobReference.projectId: ${jobReference.projectId}; it must be ${projectId}`,
      );
    }
    const work = await this.#workOf(access, configuration, jobReference, media);
    if (configuration.dryRun) {
      const job = this.#jobs.create(work, configuration, access, jobReference.jobId);
      await this.#jobs.run(job, work);
      if (job.error) throw job.error;
      return jobResource(projectId, job);
    }
    const job = this.#jobs.start(work, configuration, access, jobReference.jobId);
    // As at Google, the answer tells a mistake in the query at once.
    if (work.isMistaken) await job.done;
    return jobResource(projectId, job);
  }

  async #workOf(
    access: Access,
    configuration: ConfigurationInput,
    { location }: JobReferenceInput,
    media: Media | undefined,
  ): Promise<JobWork> {
    const { query, load, copy } = configuration;
    const given = Object.keys({ ...(query && { query }), ...(load && { load }), ...(copy && { copy }) });
    if (given.length !== 1) {
      throw invalid(
        `A job has one of configuration.query, configuration.load and configuration.copy, got ${given.join(', ') || 'none'}`,
      );
    }
    if (media && !load) throw invalid('A file belongs to a load job: the job has no configuration.load');
    if (query) {
      const parsed = parseQuery(this.#context.projectId, query, configuration.dryRun);
      return this.#queries.work(access, parsed, configuration, location);
    }
    if (configuration.dryRun) throw invalid('A dry run is for a query: Google loads and copies without one');
    await this.#engine.dropExpired();
    if (load) return this.#loads.work(access, load, configuration, location, media);
    return this.#copies.work(access, copy ?? {}, configuration, location);
  }

  async get(access: Access, jobId: string, location?: string): Promise<JobResource> {
    return jobResource(this.#context.projectId, this.#find(access, 'get', jobId, location));
  }

  async list(
    access: Access,
    request: JobListRequest = {},
  ): Promise<{ jobs: JobListItem[]; nextPageToken?: string }> {
    const { stateFilter = [], minCreationTime = 0, maxCreationTime = Infinity } = request;
    const states = stateFilter.map((state) => state.toUpperCase());
    const jobs = this.#visible(access, request.allUsers ?? false).filter(
      ({ state, creationTime, script }) =>
        (states.length === 0 || states.includes(state)) &&
        creationTime >= Number(minCreationTime) &&
        creationTime <= Number(maxCreationTime) &&
        script?.parentJobId === (request.parentJobId || undefined),
    );
    const { items, ...rest } = listPage(jobs, request, 'jobs');
    return { jobs: items.map((job) => this.#listItem(job, request.projection)), ...rest };
  }

  #listItem(job: Job, projection: JobListRequest['projection']): JobListItem {
    const { kind, id, jobReference, user_email, status, statistics, configuration } = jobResource(
      this.#context.projectId,
      job,
    );
    const { state, errorResult } = status;
    return {
      ...{ kind, id, jobReference, user_email, state, status, statistics },
      ...(errorResult && { errorResult }),
      ...(projection === 'full' && { configuration }),
    };
  }

  /** Requests that a query stops. A statement that writes is not interrupted. */
  async cancel(
    access: Access,
    jobId: string,
    location?: string,
  ): Promise<{ kind: string; job: JobResource }> {
    const job = this.#find(access, 'update', jobId, location);
    job.abort.abort();
    return { kind: 'bigquery#jobCancelResponse', job: jobResource(this.#context.projectId, job) };
  }

  /** Forgets a finished job; its rows stay. Throws NOT_FOUND, INVALID_ARGUMENT. */
  async delete(access: Access, jobId: string, location?: string): Promise<void> {
    this.#jobs.delete(this.#find(access, 'delete', jobId, location));
  }

  async query(access: Access, request: QueryRequest): Promise<QueryResponse> {
    const { projectId } = this.#context;
    const { requestId, jobCreationMode, maxResults, timeoutMs, formatOptions } = request;
    const dryRun = request.dryRun ?? false;
    const optional = jobCreationMode === 'JOB_CREATION_OPTIONAL';
    const start = () => this.#queryJob(access, request, !optional && !dryRun);
    const job = await (requestId && !dryRun ? this.#requests.once(access, requestId, start) : start());
    const done = await this.#jobs.wait(job, timeoutOf(timeoutMs));
    if (job.error) throw job.error;
    const answer = done ? await this.#results.answer(job, { maxResults, formatOptions }) : {};
    // The caller needs a job to fetch the remaining rows, or to wait longer.
    const needsJob = !done || answer.pageToken !== undefined;
    if (optional && needsJob) this.#jobs.register(job);
    const reason = done ? 'LARGE_RESULTS' : 'LONG_RUNNING';
    return {
      kind: 'bigquery#queryResponse',
      jobComplete: done,
      queryId: job.id,
      location: job.location,
      ...(!optional || needsJob
        ? {
            jobReference: jobReference(projectId, job),
            jobCreationReason: { code: optional ? reason : 'REQUESTED' },
          }
        : {}),
      ...answer,
    };
  }

  /** Starts the job of a jobs.query request. */
  async #queryJob(access: Access, request: QueryRequest, isRegistered: boolean): Promise<Job> {
    const { query, useLegacySql, parameterMode, queryParameters, labels, dryRun, jobTimeoutMs } = request;
    const { defaultDataset, maximumBytesBilled, useQueryCache, preserveNulls } = request;
    const shown = {
      ...{ query, useLegacySql, parameterMode, queryParameters, defaultDataset },
      ...{ maximumBytesBilled, useQueryCache, preserveNulls },
    };
    const configuration = { ...defined({ labels, dryRun, jobTimeoutMs }), query: defined(shown) };
    const parsed = parseQuery(this.#context.projectId, request, dryRun);
    const work = await this.#queries.work(access, parsed, configuration, request.location);
    const job = this.#jobs.create(work, configuration, access);
    if (isRegistered) this.#jobs.register(job);
    void this.#jobs.run(job, work);
    return job;
  }

  async getQueryResults(
    access: Access,
    jobId: string,
    request: QueryResultsRequest = {},
  ): Promise<QueryResponse> {
    if (request.pageToken && request.startIndex !== undefined) {
      throw invalid('When using a page token, you cannot specify an arbitrary startIndex.');
    }
    const job = this.#find(access, 'get', jobId, request.location);
    if (job.type !== 'QUERY') throw invalid(`Job ${job.id} is a ${job.type} job: it has no results`);
    const done = await this.#jobs.wait(job, timeoutOf(request.timeoutMs));
    if (job.error) throw job.error;
    this.#results.require(access, job);
    // Only jobs.query tells the bytes billed.
    const { totalBytesBilled, ...answer }: Partial<QueryResponse> = done
      ? await this.#results.answer(job, request)
      : {};
    return {
      kind: 'bigquery#getQueryResultsResponse',
      jobComplete: done,
      jobReference: jobReference(this.#context.projectId, job),
      ...answer,
    };
  }

  /** Throws NOT_FOUND, PERMISSION_DENIED for a job of another account. */
  #find(
    access: Access,
    action: 'get' | 'update' | 'delete',
    jobId: string,
    location: string | undefined,
  ): Job {
    const job = this.#jobs.find(jobId, location);
    requireOnJob(access, `bigquery.jobs.${action}`, this.#context.projectId, job);
    return job;
  }

  #visible(access: Access, allUsers: boolean): Job[] {
    const jobs = this.#jobs.list();
    const mine = jobs.filter(({ owner }) => owner === access.member);
    if (!allUsers || mine.length === jobs.length) return mine;
    const { projectId } = this.#context;
    return access.allows('bigquery.jobs.listAll', `projects/${projectId}`) ? jobs : mine;
  }
}

function timeoutOf(value: number | undefined): number {
  return Math.min(value ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
}

/** Without the properties that are undefined. */
function defined<T extends object>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as object;
}

import type { Access } from '../callers.ts';
import { requireOnJob, requireOnTable, requireOwner } from './access.ts';
import { type FormatOptions, type Row, timestampFormat } from './cells.ts';
import type { ServiceContext } from './datasets.ts';
import { invalid, tableNotFound } from './errors.ts';
import { parseJobConfiguration, parseQueryRequest } from './job-configuration.ts';
import {
  billedBytes,
  dmlStatistics,
  type JobReference,
  type JobResource,
  jobReference,
  jobResource,
} from './job-resources.ts';
import { type Job, Jobs } from './jobs.ts';
import { listPage, type Page, type PageRequest, type RowSource, readPage, wholeNumber } from './page.ts';
import type { QueryEngine } from './query-engine.ts';
import { Results } from './results.ts';
import { isObject } from './row-values.ts';
import type { TableData } from './table-data.ts';
import type { Field } from './types.ts';
import type { Usage } from './usage.ts';

/** How long jobs.query and jobs.getQueryResults wait for a job, by default and at most. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 200_000;

/** How long a `requestId` is remembered. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
const REQUEST_ID_LIFETIME_MS = 15 * 60 * 1000;
const MAX_REQUEST_IDS = 10_000;

export interface QueryResultsRequest extends PageRequest {
  readonly location?: string;
  readonly timeoutMs?: string | number;
  readonly formatOptions?: FormatOptions;
}

/** The response of jobs.query and jobs.getQueryResults. */
export interface QueryResponse {
  readonly kind: string;
  readonly jobComplete: boolean;
  readonly jobReference?: JobReference;
  /** Identifies the query, even when it ran without a job. */
  readonly queryId?: string;
  readonly schema?: { readonly fields: readonly Field[] };
  readonly totalRows?: string;
  readonly rows?: readonly Row[];
  readonly pageToken?: string;
  readonly totalBytesProcessed?: string;
  readonly totalBytesBilled?: string;
  readonly cacheHit?: boolean;
  readonly numDmlAffectedRows?: string;
  readonly [property: string]: unknown;
}

/** The `jobs` resource of the REST API. */
export class JobService {
  readonly #context: ServiceContext;
  readonly #jobs: Jobs;
  readonly #results: Results;
  readonly #tableData: TableData;
  readonly #requests = new Map<string, { job: Job; at: number }>();

  constructor(
    context: ServiceContext,
    engine: QueryEngine,
    tableData: TableData,
    results: Results,
    usage: Usage,
  ) {
    this.#context = context;
    this.#results = results;
    this.#tableData = tableData;
    this.#jobs = new Jobs(context, engine, (bytes) => usage.addBytes(bytes));
  }

  async insert(access: Access, input: unknown): Promise<JobResource> {
    if (!isObject(input)) throw invalid('The request must be a JSON object');
    const { projectId } = this.#context;
    const configuration = parseJobConfiguration(projectId, input.configuration);
    const resource = isObject(input.configuration) ? input.configuration : {};
    const reference = isObject(input.jobReference) ? input.jobReference : {};
    const options = { access, jobId: reference.jobId, location: reference.location };
    if (configuration.dryRun) {
      const job = this.#jobs.create(configuration, resource, options);
      await this.#jobs.run(job);
      if (job.error) throw job.error;
      return jobResource(projectId, job);
    }
    return jobResource(projectId, this.#jobs.start(configuration, resource, options));
  }

  async get(access: Access, jobId: string, options: { location?: string } = {}): Promise<JobResource> {
    return jobResource(this.#context.projectId, this.#find(access, 'get', jobId, options.location));
  }

  async list(
    access: Access,
    options: { maxResults?: string | number; pageToken?: string; stateFilter?: string } = {},
  ): Promise<{ jobs: (JobResource & { state: string })[]; nextPageToken?: string }> {
    const wanted = options.stateFilter?.toUpperCase();
    const jobs = this.#visible(access).filter(({ state }) => wanted === undefined || state === wanted);
    const { items, ...rest } = listPage(jobs, options, 'jobs');
    const resources = items.map((job) => jobResource(this.#context.projectId, job));
    return { jobs: resources.map((job) => ({ ...job, state: job.status.state })), ...rest };
  }

  /** Requests that a query stops. A statement that writes is not interrupted. */
  async cancel(
    access: Access,
    jobId: string,
    options: { location?: string } = {},
  ): Promise<{ kind: string; job: JobResource }> {
    const job = this.#find(access, 'update', jobId, options.location);
    job.abort.abort();
    return { kind: 'bigquery#jobCancelResponse', job: jobResource(this.#context.projectId, job) };
  }

  async query(access: Access, input: unknown): Promise<QueryResponse> {
    const { projectId } = this.#context;
    const configuration = parseQueryRequest(projectId, input);
    const request = isObject(input) ? input : {};
    const { query, labels, dryRun, location, parameterMode, queryParameters } = request;
    const resource = {
      query: {
        query,
        useLegacySql: false,
        ...(queryParameters ? { parameterMode, queryParameters } : {}),
      },
      ...(labels ? { labels } : {}),
      ...(dryRun ? { dryRun } : {}),
    };
    const optional = request.jobCreationMode === 'JOB_CREATION_OPTIONAL';
    const repeated = this.#repeatedRequest(access, request.requestId);
    const job = repeated ?? this.#jobs.create(configuration, resource, { access, location });
    if (!repeated) {
      this.#remember(request.requestId, job);
      if (!optional && !configuration.dryRun) this.#jobs.register(job);
      void this.#jobs.run(job);
    }
    const done = await this.#jobs.wait(job, timeoutOf(request.timeoutMs));
    if (job.error) throw job.error;
    const page = { maxResults: pageSize(request.maxResults), formatOptions: formatOf(request.formatOptions) };
    const answer = done ? await this.#answer(job, page) : {};
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

  async getQueryResults(
    access: Access,
    jobId: string,
    request: QueryResultsRequest = {},
  ): Promise<QueryResponse> {
    if (request.pageToken && request.startIndex !== undefined && request.startIndex !== '') {
      throw invalid('When using a page token, you cannot specify an arbitrary startIndex.');
    }
    const job = this.#find(access, 'get', jobId, request.location);
    const done = await this.#jobs.wait(job, timeoutOf(request.timeoutMs));
    if (job.error) throw job.error;
    this.#requireResult(access, job);
    return {
      kind: 'bigquery#getQueryResultsResponse',
      jobComplete: done,
      jobReference: jobReference(this.#context.projectId, job),
      ...(done ? await this.#answer(job, request) : {}),
    };
  }

  async #answer(
    job: Job,
    request: PageRequest & { readonly formatOptions?: FormatOptions },
  ): Promise<Omit<QueryResponse, 'kind' | 'jobComplete'>> {
    const { summary, configuration } = job;
    const costs = {
      totalBytesProcessed: String(summary?.bytes.processed ?? 0),
      totalBytesBilled: String(billedBytes(job)),
      cacheHit: false,
    };
    const schema = summary?.fields && { schema: { fields: summary.fields } };
    if (configuration.dryRun) return { ...schema, ...costs, totalRows: '0' };
    if (!summary?.fields) return { ...costs, totalRows: '0', ...dmlStatistics(job) };
    const source = await this.#rowsOf(job);
    const { rows, pageToken }: Page = await readPage(
      source,
      request,
      timestampFormat(request.formatOptions),
      job.id,
    );
    return {
      ...schema,
      ...costs,
      totalRows: String(source.totalRows),
      ...(rows.length > 0 && { rows }),
      ...(pageToken && { pageToken }),
    };
  }

  async #rowsOf({ outcome }: Job): Promise<RowSource> {
    const { projectId, location } = this.#context;
    if (outcome?.destination) return this.#tableData.source(outcome.destination);
    const info = outcome?.result;
    const result = info && this.#results.find(info.tableId);
    if (result) return result;
    throw tableNotFound({ projectId, datasetId: Results.datasetId, tableId: info?.tableId ?? '' }, location);
  }

  /** Throws NOT_FOUND, PERMISSION_DENIED for a job of another account. */
  #find(access: Access, action: 'get' | 'update', jobId: string, location: string | undefined): Job {
    const job = this.#jobs.find(jobId, location);
    requireOnJob(access, `bigquery.jobs.${action}`, this.#context.projectId, job);
    return job;
  }

  #visible(access: Access): Job[] {
    const jobs = this.#jobs.list();
    const mine = jobs.filter(({ owner }) => owner === access.member);
    if (mine.length === jobs.length) return jobs;
    const { projectId } = this.#context;
    return access.allows('bigquery.jobs.listAll', `projects/${projectId}`) ? jobs : mine;
  }

  /** Permission to see a job does not include its rows. */
  #requireResult(access: Access, { outcome }: Job): void {
    const { projectId } = this.#context;
    const result = outcome?.result && this.#results.find(outcome.result.tableId);
    if (result) requireOwner(access, this.#results.reference(projectId, result), result);
    if (outcome?.destination) requireOnTable(access, 'bigquery.tables.getData', outcome.destination);
  }

  #repeatedRequest(access: Access, requestId: unknown): Job | undefined {
    if (typeof requestId !== 'string' || requestId === '') return undefined;
    const known = this.#requests.get(requestId);
    if (known?.job.owner !== access.member) return undefined;
    return known && known.at + REQUEST_ID_LIFETIME_MS > this.#context.clock.now() ? known.job : undefined;
  }

  #remember(requestId: unknown, job: Job): void {
    if (typeof requestId !== 'string' || requestId === '') return;
    const now = this.#context.clock.now();
    this.#requests.set(requestId, { job, at: now });
    for (const [id, { at }] of this.#requests) {
      if (this.#requests.size <= MAX_REQUEST_IDS && at + REQUEST_ID_LIFETIME_MS > now) break;
      this.#requests.delete(id);
    }
  }
}

function timeoutOf(value: unknown): number {
  if (value === undefined || value === null) return DEFAULT_TIMEOUT_MS;
  return Math.min(wholeNumber(String(value), 'timeoutMs') ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
}

function pageSize(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}

function formatOf(value: unknown): FormatOptions {
  if (!isObject(value)) return {};
  const { useInt64Timestamp, timestampOutputFormat } = value;
  return {
    useInt64Timestamp: useInt64Timestamp === true || useInt64Timestamp === 'true',
    ...(typeof timestampOutputFormat === 'string' && { timestampOutputFormat }),
  };
}

import type { Access } from '../callers.ts';
import { requireOnJob, requireOnTable, requireOwner } from './access.ts';
import { type FormatOptions, type Row, timestampFormat } from './cells.ts';
import type { Copies } from './copies.ts';
import type { DailyQuota } from './daily-quota.ts';
import type { ServiceContext } from './datasets.ts';
import { invalid, tableNotFound } from './errors.ts';
import {
  type ConfigurationInput,
  checkedJobOptions,
  type JobInput,
  type JobReferenceInput,
  parseQuery,
  type QueryConfiguration,
  type QueryRequest,
} from './job-configuration.ts';
import {
  billedBytes,
  dmlStatistics,
  type JobReference,
  type JobResource,
  jobReference,
  jobResource,
} from './job-resources.ts';
import type { Job, Jobs, JobWork } from './jobs.ts';
import type { Media } from './load-rows.ts';
import type { Loads } from './loads.ts';
import { checkedLocation } from './locations.ts';
import { listPage, type Page, type PageRequest, type RowSource, readPage } from './page.ts';
import type { Plan, QueryEngine, TranslatedQuery } from './query-engine.ts';
import { Results } from './results.ts';
import { SCRIPT_TIMEOUT_MS, type ScriptHost, ScriptRun } from './scripts.ts';
import { tokenize } from './sql/lexer.ts';
import { parseScript } from './sql/parse-script.ts';
import { addTemporaryFunction, type RoutineDefinition } from './sql/routine.ts';
import type { Script } from './sql/script.ts';
import type { Statement } from './sql/statements.ts';
import { keyOfTable, type TableData } from './table-data.ts';
import type { Field } from './types.ts';
import type { Usage } from './usage.ts';

/** How long jobs.query and jobs.getQueryResults wait for a job, by default and at most. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 200_000;

/** How long a `requestId` is remembered. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
const REQUEST_ID_LIFETIME_MS = 15 * 60 * 1000;
const MAX_REQUEST_IDS = 10_000;

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

interface SingleStatement {
  readonly statement: Statement;
  /** Temporary ones, by lower-case name. */
  readonly functions: ReadonlyMap<string, RoutineDefinition>;
}

/** The `jobs` resource of the REST API. */
export class JobService {
  readonly #context: ServiceContext;
  readonly #engine: QueryEngine;
  readonly #jobs: Jobs;
  readonly #results: Results;
  readonly #tableData: TableData;
  readonly #usage: Usage;
  readonly #quota: DailyQuota;
  readonly #loads: Loads;
  readonly #copies: Copies;
  readonly #requests = new Map<string, { job: Promise<Job>; owner: string | undefined; at: number }>();

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
    this.#results = results;
    this.#tableData = tableData;
    this.#usage = usage;
    this.#quota = quota;
    this.#jobs = jobs;
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
      return this.#queryWork(access, parsed, configuration, location);
    }
    if (configuration.dryRun) throw invalid('A dry run is for a query: Google loads and copies without one');
    await this.#engine.dropExpired();
    if (load) return this.#loads.work(access, load, configuration, location, media);
    return this.#copies.work(access, copy ?? {}, configuration, location);
  }

  async #queryWork(
    access: Access,
    query: QueryConfiguration,
    options: Pick<ConfigurationInput, 'labels' | 'jobTimeoutMs'>,
    named: string | undefined,
  ): Promise<JobWork> {
    const checked = checkedJobOptions(options);
    const location = named ? checkedLocation(named) : undefined;
    await this.#engine.dropExpired();
    const script = this.#script(query);
    if ('nodes' in script) {
      const { nodes } = script;
      return {
        ...{
          type: 'QUERY',
          jobTimeoutMs: Math.min(checked.jobTimeoutMs ?? SCRIPT_TIMEOUT_MS, SCRIPT_TIMEOUT_MS),
        },
        location: location ?? this.#placeOf(query.query),
        run: (job) => new ScriptRun(this.#scriptHost, job, query, access).run(nodes),
      };
    }
    const translated = 'error' in script ? script : this.#translated(query, access, location, script);
    const error = 'error' in translated ? translated.error : undefined;
    return {
      type: 'QUERY',
      isMistaken: 'error' in translated,
      ...checked,
      location: 'error' in translated ? (location ?? this.#context.location) : translated.location,
      run: async (job) => {
        if ('error' in translated) throw error;
        await this.#runQuery(job, translated);
      },
    };
  }

  /** A statement, a script of more, or what is wrong. */
  #script({
    query,
    destination,
  }: QueryConfiguration): SingleStatement | { nodes: Script } | { error: unknown } {
    try {
      const nodes = parseScript(query);
      const last = nodes.at(-1);
      const functions = new Map<string, RoutineDefinition>();
      // Temporary functions belong to the one statement after them.
      const isSingle = nodes
        .slice(0, -1)
        .every((node) => node.node === 'statement' && addTemporaryFunction(functions, node.statement));
      if (last?.node === 'statement' && isSingle) return { statement: last.statement, functions };
      if (destination) throw invalid('configuration.query.destinationTable cannot be set for scripts');
      return { nodes };
    } catch (error) {
      return { error };
    }
  }

  /** Where a script runs: with the first dataset that it names. */
  #placeOf(query: string): string {
    const { catalog, location } = this.#context;
    const names = tokenize(query).flatMap(({ text }) => text.split('.'));
    return names.map((name) => catalog.findDataset(name)?.location).find(Boolean) ?? location;
  }

  get #scriptHost(): ScriptHost {
    return {
      ...{ engine: this.#engine, jobs: this.#jobs },
      runQuery: (...args) => this.#runQuery(...args),
      rowsOf: async (job, count) => {
        const { source } = await this.#rowsOf(job);
        return { rows: await source.read(0, count), total: source.totalRows };
      },
    };
  }

  /** A mistake in the query is the job's: only a job tells it. */
  #translated(
    query: QueryConfiguration,
    access: Access,
    location: string | undefined,
    single: SingleStatement,
  ): TranslatedQuery | { readonly error: unknown } {
    try {
      return this.#engine.translate(query, access, location, single);
    } catch (error) {
      return { error };
    }
  }

  async #runQuery(
    job: Job,
    translated: TranslatedQuery,
    execute = (plan: Plan) => this.#engine.execute(plan, job.abort.signal),
  ): Promise<void> {
    const plan = await this.#engine.plan(translated);
    const { translation, bytes, referencedTables } = plan;
    const { statementType } = translation;
    const fields = translation.kind === 'query' ? translation.fields : undefined;
    job.summary = { statementType, bytes, referencedTables, fields };
    if (plan.configuration.dryRun) return;
    this.#quota.assertAllows(job.owner, bytes.billed);
    job.outcome = await execute(plan);
    this.#usage.addBytes(bytes);
    this.#quota.add(job.owner, bytes.billed);
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
    const job = await (requestId && !dryRun ? this.#once(access, requestId, start) : start());
    const done = await this.#jobs.wait(job, timeoutOf(timeoutMs));
    if (job.error) throw job.error;
    const answer = done ? await this.#answer(job, { maxResults, formatOptions }) : {};
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
    const work = await this.#queryWork(access, parsed, configuration, request.location);
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
    this.#requireResult(access, job);
    // Only jobs.query tells the bytes billed.
    const { totalBytesBilled, ...answer }: Partial<QueryResponse> = done
      ? await this.#answer(job, request)
      : {};
    return {
      kind: 'bigquery#getQueryResultsResponse',
      jobComplete: done,
      jobReference: jobReference(this.#context.projectId, job),
      ...answer,
    };
  }

  async #answer(
    job: Job,
    request: PageRequest & { readonly formatOptions?: FormatOptions | undefined },
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
    const { source, key } = await this.#rowsOf(job);
    const { rows, pageToken }: Page = await readPage(
      source,
      request,
      timestampFormat(request.formatOptions),
      key,
    );
    return {
      ...schema,
      ...costs,
      totalRows: String(source.totalRows),
      ...(rows.length > 0 && { rows }),
      ...(pageToken && { pageToken }),
    };
  }

  /** The rows of a query, and the key of their page tokens: that of the table that holds the rows. */
  async #rowsOf({ outcome, location }: Job): Promise<{ source: RowSource; key: string }> {
    const { projectId } = this.#context;
    const { destination, result: info } = outcome ?? {};
    if (destination)
      return { source: await this.#tableData.source(destination), key: keyOfTable(destination) };
    const reference = { projectId, datasetId: Results.datasetId, tableId: info?.tableId ?? '' };
    const source = this.#results.find(reference.tableId);
    if (source) return { source, key: keyOfTable(reference) };
    throw tableNotFound(reference, location);
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

  /** Permission to see a job does not include its rows. */
  #requireResult(access: Access, { outcome }: Job): void {
    const { projectId } = this.#context;
    const result = outcome?.result && this.#results.find(outcome.result.tableId);
    if (result) requireOwner(access, this.#results.reference(projectId, result), result);
    if (outcome?.destination) requireOnTable(access, 'bigquery.tables.getData', outcome.destination);
  }

  /** Requests of one caller with the same `requestId` share one job. */
  #once(access: Access, requestId: string, start: () => Promise<Job>): Promise<Job> {
    const now = this.#context.clock.now();
    const known = this.#requests.get(requestId);
    if (known && known.owner === access.member && known.at + REQUEST_ID_LIFETIME_MS > now) return known.job;
    const job = start();
    this.#requests.set(requestId, { job, owner: access.member, at: now });
    // A request that is refused starts nothing.
    job.catch(() => this.#requests.delete(requestId));
    for (const [id, { at }] of this.#requests) {
      if (this.#requests.size <= MAX_REQUEST_IDS && at + REQUEST_ID_LIFETIME_MS > now) break;
      this.#requests.delete(id);
    }
    return job;
  }
}

function timeoutOf(value: number | undefined): number {
  return Math.min(value ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
}

/** Without the properties that are undefined. */
function defined<T extends object>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as object;
}

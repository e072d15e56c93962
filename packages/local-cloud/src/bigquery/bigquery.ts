import { type Access, DEVELOPER } from '../callers.ts';
import type { Clock } from '../clock.ts';
import { Iam, type NewPolicy, type Policy } from '../iam.ts';
import type { RowError, TableReference, Warehouse } from '../warehouse.ts';
import { datasetResource, requireOwner, tableResource } from './access.ts';
import { appendRows } from './append-rows.ts';
import { Catalog } from './catalog.ts';
import { Copies } from './copies.ts';
import { DailyQuota } from './daily-quota.ts';
import { Database } from './database.ts';
import { Datasets, type ServiceContext } from './datasets.ts';
import { Definitions } from './definitions.ts';
import { Destinations } from './destinations.ts';
import { tableNotFound } from './errors.ts';
import { ExpiringTables } from './expiring-tables.ts';
import type { JobInput, QueryRequest } from './job-configuration.ts';
import type { JobResource } from './job-resources.ts';
import type { QueryResponse } from './job-results.ts';
import { type JobListRequest, JobService, type QueryResultsRequest } from './job-service.ts';
import { Jobs } from './jobs.ts';
import type { Media } from './load-rows.ts';
import { Loads } from './loads.ts';
import { QueryEngine } from './query-engine.ts';
import {
  type DatasetInput,
  type DatasetResource,
  type Precondition,
  resultResource,
  type TableInput,
  type TableListItem,
  type TableResource,
  tableListItem,
} from './resources.ts';
import { Results } from './results.ts';
import type { RoutineInput } from './routine-definition.ts';
import { type RoutineResource, Routines } from './routines.ts';
import { parseFields } from './schema.ts';
import type { RoutineDefinition } from './sql/routine.ts';
import { Statistics } from './statistics.ts';
import {
  type InsertAllRequest,
  type InsertError,
  type ListRowsRequest,
  type ListRowsResponse,
  TableData,
} from './table-data.ts';
import { Tables } from './tables.ts';
import type { Field } from './types.ts';
import { Usage, type UsageTotals } from './usage.ts';

export interface BigQueryOptions {
  readonly projectId: string;
  /** About twelve digits. */
  readonly projectNumber?: string;
  /** Location of jobs that name no table, and of datasets created without one. */
  readonly location: string;
  /** Data folder, created when missing; without it data ends with this object, as jobs and anonymous tables always do. */
  readonly path?: string;
  readonly clock: Clock;
  /** The grants of the project, to which access lists and policies belong; in memory when absent. */
  readonly iam?: Iam;
  /** The most bytes of tables that expire; 4 GiB when absent. */
  readonly maxExpiringBytes?: number;
  /** Hears of tables that are dropped early. */
  onWarning?(message: string): void;
}

/** https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects#before_you_begin */
const PLACEHOLDER_PROJECT_NUMBER = '123456789012';

interface JobLocation {
  readonly location?: string | undefined;
}

/**
 * The local BigQuery, without HTTP. Resources have the shapes of the REST API v2. A refused call throws CloudError.
 * Without `access` the caller is the developer, who may do everything.
 * https://docs.cloud.google.com/bigquery/docs/reference/rest
 */
export class BigQuery implements Warehouse {
  readonly projectId: string;
  readonly location: string;
  readonly #context: ServiceContext;
  readonly #datasets: Datasets;
  readonly #expiring: ExpiringTables;
  readonly #tables: Tables;
  readonly #routines: Routines;
  readonly #results: Results;
  readonly #tableData: TableData;
  readonly #engine: QueryEngine;
  readonly #jobs: JobService;
  readonly #usage = new Usage();
  readonly #quota: DailyQuota;

  private constructor(
    context: ServiceContext,
    onWarning: (message: string) => void,
    maxExpiringBytes?: number,
  ) {
    this.projectId = context.projectId;
    this.location = context.location;
    this.#context = context;
    this.#datasets = new Datasets(context);
    this.#expiring = new ExpiringTables(context, onWarning, maxExpiringBytes);
    this.#tables = new Tables(context, this.#expiring);
    this.#results = new Results(context.database, context.clock, onWarning);
    this.#tableData = new TableData(context, this.#tables, this.#expiring, this.#results);
    const destinations = new Destinations(context, this.#tables, this.#expiring);
    this.#routines = new Routines(context);
    const definitions = new Definitions(
      context,
      this.#datasets,
      this.#tables,
      this.#expiring,
      destinations,
      this.#routines,
    );
    const jobs = new Jobs(context);
    this.#engine = new QueryEngine(context, this.#expiring, this.#results, destinations, definitions, jobs);
    this.#quota = new DailyQuota(context.clock);
    const loads = new Loads(context, destinations);
    const copies = new Copies(context, destinations, this.#expiring);
    this.#jobs = new JobService(
      context,
      jobs,
      this.#engine,
      this.#tableData,
      this.#results,
      this.#usage,
      this.#quota,
      loads,
      copies,
    );
  }

  /** Throws CloudError FAILED_PRECONDITION when this or another process has the folder open. */
  static async open(options: BigQueryOptions): Promise<BigQuery> {
    const { projectId, projectNumber = PLACEHOLDER_PROJECT_NUMBER, location, path, clock } = options;
    const { iam = new Iam(), onWarning = () => undefined } = options;
    const database = await Database.open(path, onWarning);
    const catalog = await Catalog.load(database, clock.now());
    const statistics = new Statistics(database);
    const context = { projectId, projectNumber, location, clock, database, catalog, statistics, iam };
    const bigquery = new BigQuery(context, onWarning, options.maxExpiringBytes);
    bigquery.#expiring.watch();
    return bigquery;
  }

  get projectNumber(): string {
    return this.#context.projectNumber;
  }

  /** Sets what each account may be billed a day, in bytes; undefined for no limit. */
  limitQueries(bytesPerAccountAndDay: number | undefined): void {
    this.#quota.limit = bytesPerAccountAndDay;
  }

  /** Throws ALREADY_EXISTS, INVALID_ARGUMENT. */
  insertDataset(dataset: DatasetInput, access = DEVELOPER): Promise<DatasetResource> {
    return this.#datasets.insert(access, dataset);
  }

  /** Throws NOT_FOUND. */
  getDataset(datasetId: string): Promise<DatasetResource> {
    return this.#datasets.get(datasetId);
  }

  /** The datasets that the caller may see, ordered by id. */
  async listDatasets(access = DEVELOPER): Promise<DatasetResource[]> {
    const all = await this.#datasets.list();
    return all.filter(({ datasetReference: { datasetId } }) =>
      access.allows('bigquery.datasets.get', datasetResource(this.projectId, datasetId)),
    );
  }

  /** Changes the given properties; null removes a property. Throws NOT_FOUND, INVALID_ARGUMENT. */
  patchDataset(datasetId: string, patch: DatasetInput, ifMatch?: Precondition): Promise<DatasetResource> {
    return this.#datasets.patch(datasetId, patch, ifMatch);
  }

  /** Lets a view read the tables of a dataset, or no longer. Throws NOT_FOUND. */
  authorizeView(datasetId: string, view: TableReference, isAuthorized: boolean): Promise<void> {
    return this.#datasets.authorizeView(datasetId, view, isAuthorized);
  }

  /** Replaces all properties. Throws NOT_FOUND, INVALID_ARGUMENT. */
  updateDataset(datasetId: string, dataset: DatasetInput, ifMatch?: Precondition): Promise<DatasetResource> {
    return this.#datasets.update(datasetId, dataset, ifMatch);
  }

  /** Throws NOT_FOUND, and INVALID_ARGUMENT (`resourceInUse`) for a dataset with tables unless `deleteContents`. */
  deleteDataset(
    datasetId: string,
    options: { readonly deleteContents?: boolean | undefined } = {},
    ifMatch?: Precondition,
  ): Promise<void> {
    return this.#datasets.delete(datasetId, options, ifMatch);
  }

  /** Restores a deleted dataset. Throws NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION. */
  undeleteDataset(datasetId: string, deletionTime?: string): Promise<DatasetResource> {
    return this.#datasets.undelete(datasetId, deletionTime);
  }

  /** Throws NOT_FOUND for the dataset, ALREADY_EXISTS, INVALID_ARGUMENT. */
  async insertTable(datasetId: string, table: TableInput, access = DEVELOPER): Promise<TableResource> {
    return this.#tables.insert(datasetId, await this.#withViewFields(datasetId, table, access));
  }

  /** A view has the columns of its query, with the descriptions that are given for them. */
  async #withViewFields(datasetId: string, table: TableInput, access: Access): Promise<TableInput> {
    if (!table.view) return table;
    await this.#expiring.dropExpired();
    const { location } = await this.#datasets.get(datasetId);
    const described = new Map(
      parseFields(table.schema?.fields).map((field) => [field.name, field.description]),
    );
    const fields = this.#engine.viewFields(table.view, access, location).map((field) => {
      const description = described.get(field.name);
      return description === undefined ? field : { ...field, description };
    });
    return { ...table, schema: { fields } };
  }

  /** A stored table, or the anonymous table of a query. Throws NOT_FOUND, PERMISSION_DENIED. */
  async getTable(datasetId: string, tableId: string, access = DEVELOPER): Promise<TableResource> {
    if (datasetId !== Results.datasetId) return this.#tables.get(datasetId, tableId);
    const result = this.#results.find(tableId);
    const { projectId } = this;
    if (result) {
      const reference = this.#results.reference(projectId, result);
      requireOwner(access, reference, result);
      return resultResource(reference, result);
    }
    throw tableNotFound({ projectId, datasetId, tableId });
  }

  /** The tables ordered by id, without schemas. Throws NOT_FOUND for the dataset. */
  async listTables(datasetId: string): Promise<TableListItem[]> {
    return (await this.#tables.list(datasetId)).map(tableListItem);
  }

  /** Changes the given properties. A schema may only gain columns that are not REQUIRED, or relax REQUIRED ones. */
  async patchTable(
    datasetId: string,
    tableId: string,
    patch: TableInput,
    ifMatch?: Precondition,
    access = DEVELOPER,
  ): Promise<TableResource> {
    const input = await this.#withViewFields(datasetId, patch, access);
    return this.#tables.patch(datasetId, tableId, input, ifMatch);
  }

  /** Replaces all properties. A schema may change only as in patchTable. */
  async updateTable(
    datasetId: string,
    tableId: string,
    table: TableInput,
    ifMatch?: Precondition,
    access = DEVELOPER,
  ): Promise<TableResource> {
    const input = await this.#withViewFields(datasetId, table, access);
    return this.#tables.update(datasetId, tableId, input, ifMatch);
  }

  /** Throws NOT_FOUND. */
  deleteTable(datasetId: string, tableId: string, ifMatch?: Precondition): Promise<void> {
    return this.#tables.delete(datasetId, tableId, ifMatch);
  }

  /** Throws NOT_FOUND for the dataset, ALREADY_EXISTS, `invalidQuery` for a body that cannot be called. */
  insertRoutine(datasetId: string, routine: RoutineInput, access = DEVELOPER): Promise<RoutineResource> {
    return this.#routines.insert(datasetId, routine, this.#checkOf(datasetId, access));
  }

  /** Throws NOT_FOUND. */
  getRoutine(datasetId: string, routineId: string): Promise<RoutineResource> {
    return this.#routines.get(datasetId, routineId);
  }

  /** Ordered by id. Throws NOT_FOUND for the dataset. */
  listRoutines(datasetId: string): Promise<RoutineResource[]> {
    return this.#routines.list(datasetId);
  }

  /** Replaces all properties. */
  updateRoutine(
    datasetId: string,
    routineId: string,
    routine: RoutineInput,
    ifMatch?: Precondition,
    access = DEVELOPER,
  ): Promise<RoutineResource> {
    return this.#routines.update(datasetId, routineId, routine, this.#checkOf(datasetId, access), ifMatch);
  }

  /** Throws NOT_FOUND. */
  deleteRoutine(datasetId: string, routineId: string): Promise<void> {
    return this.#routines.delete(datasetId, routineId);
  }

  #checkOf(datasetId: string, access: Access) {
    const location = this.#context.catalog.findDataset(datasetId)?.location ?? this.location;
    return (definition: RoutineDefinition) => this.#engine.checkRoutine(definition, access, location);
  }

  /** The grants of a table. Throws NOT_FOUND. */
  tablePolicy(datasetId: string, tableId: string): Policy {
    return this.#context.iam.policyOf(this.#policyResource(datasetId, tableId));
  }

  /** Replaces the grants of a table. Throws NOT_FOUND, INVALID_ARGUMENT, ABORTED for an etag of another policy. */
  setTablePolicy(datasetId: string, tableId: string, policy: NewPolicy): Policy {
    return this.#context.iam.setPolicy(this.#policyResource(datasetId, tableId), policy);
  }

  /** Those of the permissions that the caller has on a table. */
  testTablePermissions(
    datasetId: string,
    tableId: string,
    permissions: readonly string[],
    access: Access,
  ): string[] {
    const resource = this.#policyResource(datasetId, tableId);
    return permissions.filter((permission) => access.allows(permission, resource));
  }

  #policyResource(datasetId: string, tableId: string): string {
    return tableResource(this.#tables.find(datasetId, tableId).reference);
  }

  /** `tabledata.insertAll`, with the request and the response of the REST API. */
  insertAll(
    datasetId: string,
    tableId: string,
    request: InsertAllRequest,
  ): Promise<{ kind: string; insertErrors?: readonly InsertError[] }> {
    return this.#tableData.insertAll(datasetId, tableId, request);
  }

  /** `tabledata.list`, of stored and anonymous tables; free of charge. Throws NOT_FOUND, INVALID_ARGUMENT. */
  listRows(
    datasetId: string,
    tableId: string,
    request: ListRowsRequest = {},
    access = DEVELOPER,
  ): Promise<ListRowsResponse> {
    return this.#tableData.list(access, datasetId, tableId, request);
  }

  /** `jobs.query`. Throws the query's error: `invalidQuery`, `notFound`, `bytesBilledLimitExceeded`, … */
  query(request: QueryRequest, access = DEVELOPER): Promise<QueryResponse> {
    return this.#jobs.query(access, request);
  }

  /** `jobs.insert`. Throws ALREADY_EXISTS for a used job id; errors of the query itself are in the job's status. */
  insertJob(job: JobInput, access = DEVELOPER, media?: Media): Promise<JobResource> {
    return this.#jobs.insert(access, job, media);
  }

  /** Throws NOT_FOUND. Outside US and EU a job is found only with its `location`. */
  getJob(jobId: string, { location }: JobLocation = {}, access = DEVELOPER): Promise<JobResource> {
    return this.#jobs.get(access, jobId, location);
  }

  /** The caller's jobs, or those of all callers; the latest first. */
  listJobs(request: JobListRequest = {}, access = DEVELOPER) {
    return this.#jobs.list(access, request);
  }

  cancelJob(
    jobId: string,
    { location }: JobLocation = {},
    access = DEVELOPER,
  ): Promise<{ kind: string; job: JobResource }> {
    return this.#jobs.cancel(access, jobId, location);
  }

  /** Forgets a finished job. Throws NOT_FOUND, INVALID_ARGUMENT. */
  deleteJob(jobId: string, { location }: JobLocation = {}, access = DEVELOPER): Promise<void> {
    return this.#jobs.delete(access, jobId, location);
  }

  /** Waits up to `timeoutMs` (default 10 s) for the job. Throws the job's error. */
  getQueryResults(
    jobId: string,
    request: QueryResultsRequest = {},
    access = DEVELOPER,
  ): Promise<QueryResponse> {
    return this.#jobs.getQueryResults(access, jobId, request);
  }

  /** Bytes billed and calls received since the service was opened. */
  usage(): UsageTotals {
    return this.#usage.totals();
  }

  /** Counts one call over HTTP: `jobs.query`, `tabledata.list`, … */
  countCall(method: string): void {
    this.#usage.addCall(method);
  }

  async tableSchema({ datasetId, tableId, projectId }: TableReference): Promise<readonly Field[]> {
    await this.#expiring.dropExpired();
    return this.#context.catalog.table({ projectId, datasetId, tableId }, this.location).fields;
  }

  async tableLocation({ datasetId }: TableReference): Promise<string> {
    return (await this.#datasets.get(datasetId)).location;
  }

  async appendRows(
    table: TableReference,
    rows: readonly Record<string, unknown>[],
  ): Promise<readonly RowError[]> {
    return appendRows(this.#context, table, rows);
  }

  /** Waits for writes, interrupts queries and unlocks the folder. */
  async close(): Promise<void> {
    this.#expiring.close();
    await this.#context.database.close();
  }
}
